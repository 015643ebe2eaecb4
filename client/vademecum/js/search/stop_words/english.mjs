// @ts-check
/** English words that say little in a question; search/stop_words.py reads them between the backticks. */

export const english = `
  a about after all also am an and any are aren as at be because been before being both but by can could
  couldn did didn do does doesn doing don for from get got had hadn has hasn have haven having he her here
  him his how i if in into is isn it its just let like ll make me more most my need no not of on one only or
  other our out over own s same she should shouldn so some such t than that the their them then there these
  they this those to too up us use using ve very want was wasn way we were weren what when where which while
  who why will with without won would wouldn you your`;
