package org.xecomla.corpus.text;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * A file of documents and how it holds them: compression by its first bytes, format by its name and by the first bytes
 * of its contents.
 */
record RecordFile(Path path, Compression compression, CorpusFormat format) {
    private static final int HEAD_BYTES = 512;
    private static final String ARE_READ =
            "JSON lines, JSON arrays, Parquet and .txt are, and these compressed by gzip," + " zstd, bzip2 or xz";
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    /** What is not read, by the ends of names. */
    private static final Map<String, String> OTHER_NAMES = Map.ofEntries(
            Map.entry(".csv", "a table of comma-separated values"),
            Map.entry(".tsv", "a table of tab-separated values"),
            Map.entry(".arrow", "an Arrow file"),
            Map.entry(".feather", "an Arrow file"),
            Map.entry(".orc", "an ORC file"),
            Map.entry(".avro", "an Avro file"),
            Map.entry(".tar", "an archive"),
            Map.entry(".zip", "an archive"),
            Map.entry(".7z", "an archive"),
            Map.entry(".md", "a page of Markdown"),
            Map.entry(".html", "a web page"),
            Map.entry(".xml", "XML"),
            Map.entry(".pdf", "a PDF"),
            Map.entry(".docx", "a Word document"),
            Map.entry(".xlsx", "a spreadsheet"));

    /** What is not read, by the first characters of the contents, with what to do about it. */
    private static final Map<String, String> OTHER_CONTENTS = Map.of(
            "version https://git-lfs", "a pointer of Git LFS, not the file itself: fetch it (git lfs pull)",
            "<!doctype html", "a web page, perhaps an error or a login: fetch the file again",
            "<html", "a web page, perhaps an error or a login: fetch the file again",
            "PK\u0003\u0004", "a zip archive: unpack it",
            "ARROW1", "an Arrow file: write it as Parquet or JSON lines");

    /** @throws UserException where it is something that is not read, saying what it seems to be */
    static RecordFile of(Path path) {
        byte[] head = head(path, Compression.NONE);
        Compression compression = Compression.of(head);
        String name = compression.strip(path.getName().toLowerCase(Locale.ROOT));
        OTHER_NAMES.forEach((end, what) -> {
            if (name.endsWith(end)) {
                throw new UserException(DataFiles.display(path) + " is " + what + ", which is not read: " + ARE_READ);
            }
        });
        byte[] contents = compression == Compression.NONE ? head : head(path, compression);
        refuse(path, contents);
        return new RecordFile(path, compression, format(path, compression, name, contents));
    }

    private static CorpusFormat format(Path path, Compression compression, String name, byte[] contents) {
        if (name.endsWith(".parquet") || Compression.startsWith(contents, "PAR1".getBytes(StandardCharsets.US_ASCII))) {
            if (compression != Compression.NONE) {
                throw new UserException(DataFiles.display(path) + " is Parquet compressed as a whole by "
                        + compression.title() + ": unpack it, Parquet is read from its end");
            }
            return CorpusFormat.PARQUET;
        }
        if (name.endsWith(".txt")) {
            return CorpusFormat.TEXT;
        }
        return name.endsWith(".json") && opensArray(contents) ? CorpusFormat.JSON_ARRAY : CorpusFormat.JSON_LINES;
    }

    private static void refuse(Path path, byte[] contents) {
        boolean marked =
                contents.length >= 2 && (contents[0] & 0xFF ^ contents[1] & 0xFF) == 1 && (contents[0] | 1) == -1;
        // without its mark: every other byte of what is mostly ASCII is 0
        boolean bare = contents.length >= 4
                && (contents[0] == 0) != (contents[1] == 0)
                && (contents[0] == 0) == (contents[2] == 0)
                && (contents[1] == 0) == (contents[3] == 0);
        if (marked || bare) {
            throw new UserException(DataFiles.display(path) + " is UTF-16 text: convert it to UTF-8, for instance by"
                    + " iconv -f utf-16 -t utf-8");
        }
        String text = new String(contents, StandardCharsets.ISO_8859_1).strip();
        OTHER_CONTENTS.forEach((begin, what) -> {
            if (text.regionMatches(true, 0, begin, 0, begin.length())) {
                throw new UserException(DataFiles.display(path) + " is " + what);
            }
        });
    }

    private static boolean opensArray(byte[] contents) {
        int from = Compression.startsWith(contents, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
        for (int i = from; i < contents.length; i++) {
            if (" \t\r\n".indexOf(contents[i]) < 0) {
                return contents[i] == '[';
            }
        }
        return false;
    }

    private static byte[] head(Path path, Compression compression) {
        try (InputStream in = open(path, compression)) {
            return in.readNBytes(HEAD_BYTES);
        } catch (IOException e) {
            throw broken(path, compression, e);
        }
    }

    /** Whether a reader may start in its middle. */
    boolean isSplittable() {
        return compression == Compression.NONE && format != CorpusFormat.JSON_ARRAY;
    }

    /**
     * The beginning of a file.
     *
     * @param contents bytes, decompressed
     * @param raw bytes of the file that they are in
     */
    record Unpacked(long contents, long raw) {}

    /** Decompresses {@code limit} bytes of contents, or all, and says how long they are in the file. */
    Unpacked unpack(long limit) {
        Counted raw = new Counted(DataFiles.openStream(path));
        try (InputStream in = open(path, compression, raw)) {
            long contents = 0;
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = contents < limit ? in.read(buffer) : -1) {
                contents += n;
            }
            return new Unpacked(contents, raw.number);
        } catch (IOException e) {
            throw broken(path, compression, e);
        }
    }

    /** The contents, decompressed. */
    InputStream open() {
        return open(path, compression);
    }

    private static InputStream open(Path path, Compression compression) {
        return open(path, compression, DataFiles.openStream(path));
    }

    private static InputStream open(Path path, Compression compression, InputStream raw) {
        if (compression == Compression.NONE) {
            return raw;
        }
        try {
            return new Decompressed(path, compression, compression.decompressed(raw));
        } catch (IOException e) {
            throw broken(path, compression, e);
        }
    }

    private static UserException broken(Path path, Compression compression, IOException cause) {
        String what =
                compression == Compression.NONE ? " cannot be read" : "'s " + compression.title() + " data is damaged";
        return new UserException(DataFiles.display(path) + what + " or cut off: copy it again", cause);
    }

    /** Counts the bytes that are taken from it. */
    private static final class Counted extends FilterInputStream {
        private long number;

        Counted(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int one = in.read();
            number += one < 0 ? 0 : 1;
            return one;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = in.read(bytes, offset, length);
            number += Math.max(0, count);
            return count;
        }
    }

    /** Says of what is wrong with compressed data in which file. */
    private static final class Decompressed extends FilterInputStream {
        private final Path path;
        private final Compression compression;

        Decompressed(Path path, Compression compression, InputStream in) {
            super(in);
            this.path = path;
            this.compression = compression;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            try {
                return in.read(bytes, offset, length);
            } catch (IOException e) {
                throw broken(path, compression, e);
            }
        }
    }
}
