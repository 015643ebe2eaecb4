// @ts-check
/** French words that say little in a question; search/stop_words.py reads them between the backticks. */

export const french = `
  a ai au aux avec avez avons ce ces cette comme comment d dans de des dois du elle en est et etes etre
  faire fait il ils j je l la le les leur lui m ma mais me mes mon n ne nos notre nous on ont ou par pas
  peut peux plus pour pourquoi puis qu quand que quel quelle quels qui s sa sans se ses si sommes son sont
  suis sur t ta te tes ton tu un une veux vos votre vous y`;
