export function which(): string {
  return 'the one beside the controller';
}
