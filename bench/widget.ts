/** A structured value, like most values of tasks in real apps. */
export function widget(id: number): object {
  return { id, name: `widget ${id}`, parts: [id, id + 1] };
}
