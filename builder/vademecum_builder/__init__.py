"""vademecum's builder: from sources of documents to a signed release on a static host (the extra `[build]`).

`build.build(BuildRequest) -> BuildReport` is what every caller calls; `pipeline` is the order of its `stages`, and
each other package is what one stage needs. Data flows `sources` -> `readers` -> `chunking` -> `encoders` -> `index`,
`delta` -> `release` -> `pages`, `signing` -> `publish`. Of the client it reads formats, trust and transport, never
the store or the engine: what a release means is said once, there.
"""
