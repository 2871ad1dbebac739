/** A value with parts, as tasks of applications mostly have it. */
export function widget(id: number): object {
  return { id, name: `widget ${id}`, parts: [id, id + 1] };
}
