package org.xecomla.corpus;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

/**
 * The documents of JSONL files: one JSON object a line, its text under one key. Files in the given order, lines in theirs;
 * blank lines are passed over.
 */
public final class TextDocuments {
    public static final String DEFAULT_KEY = "text";

    private final List<Path> files;
    private final String key;
    private final ObjectReader json = new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private TextDocuments(List<Path> files, String key) {
        this.files = List.copyOf(files);
        this.key = key;
    }

    /** The documents of {@code files}, their text under {@link #DEFAULT_KEY}. */
    public static TextDocuments of(List<Path> files) {
        return of(files, DEFAULT_KEY);
    }

    /**
     * The documents of {@code files}, their text under {@code key}.
     *
     * @throws UserException where a file is missing
     */
    public static TextDocuments of(List<Path> files, String key) {
        if (files.isEmpty()) {
            throw new UserException("no corpus file is given");
        }
        for (Path file : files) {
            if (!DataFiles.exists(file)) {
                throw new UserException("no corpus file " + DataFiles.display(file));
            }
        }
        return new TextDocuments(files, key);
    }

    /**
     * Shows every document to {@code visitor}, in order, until it answers false.
     *
     * @throws UserException naming file and line, where a line is not JSON or has no text; where there is no document at all
     */
    public void read(Predicate<Document> visitor) {
        long[] numSeen = new long[1];
        boolean[] stopped = new boolean[1];
        for (Path file : files) {
            if (!stopped[0]) {
                read(file, 0, Long.MAX_VALUE, document -> {
                    numSeen[0]++;
                    stopped[0] = !visitor.test(document);
                    return !stopped[0];
                });
            }
        }
        if (numSeen[0] == 0) {
            throw new UserException("the corpus is empty: no document in " + describe());
        }
    }

    /** Shows the documents of one split to {@code visitor}, until it answers false. A split may have none. */
    public void read(DocumentSplit split, Predicate<Document> visitor) {
        read(new Path(split.file()), split.start(), split.end(), visitor);
    }

    /** The corpus cut into parts of about {@code bytes} each, never across files. */
    public List<DocumentSplit> splits(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("splits of " + bytes + " bytes");
        }
        List<DocumentSplit> splits = new ArrayList<>();
        for (Path file : files) {
            long length = DataFiles.length(file);
            for (long start = 0; start < length; start += bytes) {
                splits.add(new DocumentSplit(file.toString(), start, Math.min(length, start + bytes)));
            }
        }
        return splits;
    }

    /** The files, for messages. */
    public String describe() {
        return String.join(", ", files.stream().map(DataFiles::display).toList());
    }

    private void read(Path file, long start, long end, Predicate<Document> visitor) {
        try (RandomReader reader = DataFiles.open(file)) {
            LineReader lines = new LineReader(reader, start, end);
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                if (!isBlank(line)) {
                    DocumentLocation location = new DocumentLocation(file, lines.lineOffset());
                    if (!visitor.test(new Document(text(line, location), location))) {
                        return;
                    }
                }
            }
        }
    }

    private static boolean isBlank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }

    private String text(byte[] line, DocumentLocation location) {
        JsonNode node;
        try {
            node = json.readTree(line);
        } catch (JsonParseException e) {
            throw new UserException(
                    location.describe() + " is broken JSON at column "
                            + e.getLocation().getColumnNr() + ": " + firstLine(e.getOriginalMessage()),
                    e);
        } catch (IOException e) {
            throw new UserException(location.describe() + " is broken JSON: " + firstLine(e.getMessage()), e);
        }
        if (!node.isObject()) {
            throw new UserException(location.describe() + " is not a JSON object: the corpus has one on each line");
        }
        JsonNode text = node.get(key);
        if (text == null) {
            List<String> keys = new ArrayList<>();
            node.fieldNames().forEachRemaining(keys::add);
            throw new UserException(location.describe() + " has no key \"" + key + "\", only " + keys
                    + ": every line of the corpus needs its text there");
        }
        if (!text.isTextual()) {
            throw new UserException(location.describe() + " has no text under \"" + key + "\" but "
                    + text.getNodeType().toString().toLowerCase(Locale.ROOT));
        }
        return text.textValue();
    }

    /** Jackson's message without what it quotes of the text. */
    private static String firstLine(String message) {
        String line = message == null ? "" : message.lines().findFirst().orElse("");
        int quotation = line.indexOf(" (start marker");
        return quotation < 0 ? line : line.substring(0, quotation);
    }
}
