// @ts-check
/** Italian words that say little in a question; search/stop_words.py reads them between the backticks. */

export const italian = `
  a ad ai al all alla alle anche c che chi ci come con cosa cui d da dal dall dalla de degli dei del dell
  della delle devo di dove e ed era fare gli ha hanno ho i il in io l la le lei lo loro lui ma mi mia mio
  ne nel nell nella no non o per perche piu posso puo quale quando quanto quell quella quello questa questo
  se sei si siamo sono su sua sul sull suo tra tu un una uno vi voglio`;
