"""The kinds of `[[source]]`: what each one's settings may say, and how it is opened."""
