/** The other routes of the sample, for the page's footer. */
export const routes = [
  { path: '/brief', says: 'A Handlebars template whose helpers ask for futures.' },
  { path: '/api/summary', says: 'Three values as parameters of the handler, which runs once.' },
  { path: '/api/summary?magnitude=2', says: 'The same, with an argument taken from the request.' },
  { path: '/api/chain', says: 'The second task needs what the first has found: three passes.' },
  { path: '/api/fails', says: 'A task throws an exception of Nest’s: 404, with its own body.' },
  { path: '/api/fails?country=Norway', says: 'The same task when it does not fail.' },
  { path: '/api/fails/plain', says: 'A task throws any other error: 500, and a log entry.' },
  { path: '/ping', says: 'No futures at all, to see how quickly the app answers meanwhile.' },
];
