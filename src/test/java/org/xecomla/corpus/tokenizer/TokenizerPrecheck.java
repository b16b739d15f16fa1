package org.xecomla.corpus.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.xecomla.files.DataFiles;

/** What is looked at before a native library is given a tokenizer, and that library where it is given it at once. */
public final class TokenizerPrecheck {
    private TokenizerPrecheck() {}

    /** All that a plain tokenizer.json says of {@code text}; of others, which go to another process, what was found. */
    public static String read(Path directory, String text) throws IOException {
        Path file = directory.resolve("tokenizer.json");
        org.apache.hadoop.fs.Path path = DataFiles.path(file.toString());
        TokenizerJson parsed = TokenizerJson.parse(Files.readAllBytes(file), path, Set.of("<s>", "</s>"));
        if (!parsed.plain()) {
            return parsed.toString();
        }
        try (Tokenizer tokenizer = Tokenizer.open(path)) {
            return parsed + tokenizer.decode(tokenizer.encode(text));
        }
    }
}
