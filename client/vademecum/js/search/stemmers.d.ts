// The modules of stemmers/, as `vade build` makes them (pages/stemmers.py).
interface Stemmer {
  stemWord(word: string): string;
}

declare module "*.js" {
  const stemmer: new () => Stemmer;
  export default stemmer;
}
