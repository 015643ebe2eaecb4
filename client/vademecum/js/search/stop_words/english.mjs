// @ts-check
/** English words that say little in a question; search/stop_words.py has the same. */

export const english = `
  a about after all also am an and any are as at be because been before being both but by can could did do
  does doing don for from get got had has have having he her here him his how i if in into is it its just
  let like make me more most my need no not of on one only or other our out over own s same she should so
  some such t than that the their them then there these they this those to too up us use using very want
  was way we were what when where which while who why will with without would you your`;
