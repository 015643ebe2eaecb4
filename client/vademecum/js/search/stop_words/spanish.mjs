// @ts-check
/** Spanish words that say little in a question; search/stop_words.py reads them between the backticks. */

export const spanish = `
  a al algo como con cual cuando de debo del donde el ella ellos en entre era es esa ese eso esta este
  esto estos estoy ha hacer hay la las le les lo los mas me mi mis muy no nos o para pero por porque
  puede puedo que quien quiero se ser si sin sobre somos son soy su sus tambien te tengo tiene tu un una
  uno unos y ya yo`;
