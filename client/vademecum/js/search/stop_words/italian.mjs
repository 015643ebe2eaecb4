// @ts-check
/** Italian words that say little in a question; search/stop_words.py has the same. */

export const italian = `
  a ad ai al alla alle anche c che chi ci come con cosa cui d da dal dalla de degli dei del della delle di
  dove e ed era fare gli ha hanno ho i il in io l la le lei lo loro lui ma mi mia mio ne nel nella no non o
  per perche piu puo quale quando quanto quella quello questa questo se sei si sono su sua sul suo tra tu
  un una uno vi`;
