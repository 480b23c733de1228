// What sidenote changed in an exchange, in words (docs/transparency.md).

const words: Record<string, [side: 'request' | 'response' | 'both', text: string]> = {
  'annotated': ['response', 'Sidenote, Sidenote-Exchange and Server-Timing were added for the client; they are not shown here'],
  'sidenote-fields-removed': ['response', 'Sidenote fields that the origin server sent were removed'],
  'sidenote-ignore-removed': ['request', 'Sidenote-Ignore was for sidenote and was not forwarded'],
  'request-trace-started': ['request', 'a traceparent was added, since there was none'],
  'request-field-order': ['request', 'the order of field lines may be another'],
  'request-field-case': ['request', 'field names are written with other capitals'],
  'response-field-order': ['response', 'the order of field lines may be another'],
  'response-field-case': ['response', 'field names are written with other capitals'],
  'response-reason': ['response', 'the reason phrase is another'],
  'request-host': ['request', 'Host was set to that of the target'],
  'request-via': ['request', 'Via was added, so that loops are found'],
  'request-hop-by-hop': ['request', 'fields that are for one connection only were not forwarded'],
  'response-hop-by-hop': ['response', 'fields that are for one connection only were not forwarded'],
  'version': ['both', 'client and origin server speak different versions of HTTP'],
  'request-framing': ['request', 'the end of the message was marked in another way'],
  'response-framing': ['response', 'the end of the message was marked in another way'],
  'request-trailers': ['request', 'trailers that were not announced were not forwarded'],
};

export interface Change {
  name: string;
  text: string;
}

/** The changes of one side; a name that is not known stands for itself. */
export function changesOf(names: string[], side: 'request' | 'response'): Change[] {
  return names
    .filter((name) => (words[name] ? words[name][0] === side || words[name][0] === 'both' : name.startsWith('request-') ? side === 'request' : side === 'response'))
    .map((name) => ({ name, text: words[name]?.[1] ?? name }));
}

/** Field names that belong to one connection: they go no further. */
export const ofOneConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'upgrade', 'te']);
