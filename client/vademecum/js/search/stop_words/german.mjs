// @ts-check
/** German words that say little in a question; search/stop_words.py reads them between the backticks. */

export const german = `
  aber alle als also am an auch auf aus bei beim bin bis da damit dann darf das dass dein dem den denn der
  des die dies diese dieser doch du durch ein eine einem einen einer eines er es etwas fur habe haben hat
  hier ich ihr im in ist ja kann kein keine konnen man mehr mein mich mir mit mochte moechte muss nach
  nicht noch nur ob oder ohne schon sein seine sich sie sind so soll uber um und uns unter vom von vor
  wann war warum was weil welche wenn wer werden wie will wir wird wo wurde zu zum zur`;
