/** Leaves out what is for people: sentences of errors and of the log, which no test should pin. Codes are tried. */

/** Where the sentence stands among the arguments. */
const SENTENCE_BY_CALLEE = new Map([
  ['assert', 1],
  ['MalformedBytes', 0],
  ['ServingFailure', 0],
  ['ComparisonFailed', 0],
  ['BoatoError', 1],
  ['debug', 1],
  ['info', 1],
  ['warn', 1],
  ['error', 1],
]);

function nameOf(callee) {
  return callee.type === 'MemberExpression' ? callee.property.name : callee.name;
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'texts',
    value: {
      shouldIgnore({ node, parent, listKey, key }) {
        if (listKey !== 'arguments' || (node.type !== 'StringLiteral' && node.type !== 'TemplateLiteral'))
          return;
        if (parent.type !== 'CallExpression' && parent.type !== 'NewExpression') return;
        if (SENTENCE_BY_CALLEE.get(nameOf(parent.callee)) === key) return 'a sentence for people';
      },
    },
  },
];
