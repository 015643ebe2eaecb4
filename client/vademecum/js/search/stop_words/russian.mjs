// @ts-check
/** Russian words that say little in a question; search/stop_words.py reads them between the backticks. */

export const russian = `
  а без бы был была были было быть в вам вас все всех вы где да для до его ее если есть еще же за и из или
  им их к как какие какой когда кто ли меня мне можно мой мы на над нас не нет них но о об он она они от по
  под почему при с себя со так также там то того только том ты у уже чем что чтобы это этот я`;
