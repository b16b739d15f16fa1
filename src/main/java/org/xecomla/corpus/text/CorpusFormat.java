package org.xecomla.corpus.text;

import java.util.Locale;
import org.apache.hadoop.fs.Path;

/** How a file of the corpus holds its documents, by its name. */
enum CorpusFormat {
    /** One JSON object a line; what has another name as well. */
    JSON_LINES,
    /** One array of JSON objects (a .json file may also be JSON lines: its first character tells). */
    JSON_ARRAY,
    /** One record a document. */
    PARQUET,
    /** One document a line. */
    TEXT;

    static CorpusFormat of(Path file) {
        String name = file.getName().toLowerCase(Locale.ROOT);
        if (name.endsWith(".parquet")) {
            return PARQUET;
        }
        if (name.endsWith(".txt")) {
            return TEXT;
        }
        return name.endsWith(".json") && JsonArrayDocuments.isArray(file) ? JSON_ARRAY : JSON_LINES;
    }
}
