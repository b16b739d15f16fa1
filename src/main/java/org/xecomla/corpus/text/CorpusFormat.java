package org.xecomla.corpus.text;

/** How a file of the corpus holds its documents. */
enum CorpusFormat {
    /** One JSON object a line; what has another name as well. */
    JSON_LINES,
    /** One array of JSON objects (a .json file may also be JSON lines: its first character tells). */
    JSON_ARRAY,
    /** One record a document. */
    PARQUET,
    /** One document a line. */
    TEXT
}
