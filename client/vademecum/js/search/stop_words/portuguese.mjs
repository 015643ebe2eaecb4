// @ts-check
/** Portuguese words that say little in a question; search/stop_words.py reads them between the backticks. */

export const portuguese = `
  a ao aos as com como da das de devo do dos e ela ele em entre era essa esse esta este estou eu fazer
  foi ha isso isto ja lhe mais mas me meu minha muito na nao nas no nos o onde os ou para pela pelo por
  porque posso qual quando que quem quero sao se sem ser seu sou sua tambem te tem tenho um uma`;
