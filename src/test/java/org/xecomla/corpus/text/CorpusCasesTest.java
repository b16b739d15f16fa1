package org.xecomla.corpus.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Data sets as people bring them: read as they mean it, or refused with what is wrong and what to do. */
class CorpusCasesTest {
    private static final String CASES = "src/test/resources/cases/";
    private static final String[] THREE = {"A dog ran home.", "The cat sat by the door.", "It rained all day."};

    @TempDir
    Path dir;

    private static List<String> texts(String... entries) {
        return texts(
                TextDocuments.of(Arrays.stream(entries).map(DataFiles::path).toList()));
    }

    private static List<String> texts(TextDocuments documents) {
        List<String> texts = new ArrayList<>();
        documents.read(document -> texts.add(document.text()));
        List<String> bySplits = new ArrayList<>();
        for (DocumentSplit split : documents.splits(7)) {
            documents.read(split, document -> bySplits.add(document.text()));
        }
        assertEquals(texts, bySplits, "by splits");
        return texts;
    }

    private static String refused(String... entries) {
        UserException e = assertThrows(UserException.class, () -> texts(entries));
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        assertFalse(e.getMessage().matches("(?s).*(jackson|org\\.|java\\.|ALLOW_|FAIL_ON).*"), e.getMessage());
        return e.getMessage();
    }

    private String file(String name, byte[] contents) throws IOException {
        Path path = dir.resolve(name);
        Files.createDirectories(path.getParent());
        return Files.write(path, contents).toString();
    }

    private String file(String name, String contents) throws IOException {
        return file(name, contents.getBytes(StandardCharsets.UTF_8));
    }

    private static void expect(String message, String... parts) {
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void directoriesAreReadWithAllBelowThem() {
        assertEquals(3, texts(CASES + "13-directory-with-subdirectory/corpus").size());
    }

    @Test
    void compressedFilesAreReadByTheirContents() throws IOException {
        for (String name : List.of("a.jsonl.gz", "a.jsonl.zst", "a.jsonl.bz2", "a.txt.gz")) {
            assertEquals(List.of(THREE), texts(CASES + "16-compressed/" + name), name);
        }
        byte[] gzip = Files.readAllBytes(Path.of(CASES, "16-compressed/a.jsonl.gz"));
        assertEquals(List.of(THREE), texts(file("named-otherwise.jsonl", gzip)));
        byte[] twice = Arrays.copyOf(gzip, 2 * gzip.length);
        System.arraycopy(gzip, 0, twice, gzip.length, gzip.length);
        assertEquals(6, texts(file("twice.gz", twice)).size(), "members in a row");
        Path xz = dir.resolve("a.jsonl.xz");
        try (OutputStream out = new XZOutputStream(Files.newOutputStream(xz), new LZMA2Options(1))) {
            out.write("{\"text\": \"one\"}\n{\"text\": \"two\"}\n".getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(List.of("one", "two"), texts(xz.toString()));
        Path array = dir.resolve("a.json.zst");
        try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(array))) {
            out.write("[{\"text\": \"one\"}]".getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(List.of("one"), texts(array.toString()));
        expect(
                refused(file("cut.jsonl.gz", Arrays.copyOf(gzip, gzip.length - 9))),
                "cut.jsonl.gz",
                "gzip data is damaged or cut off");
        String broken = "{\"text\": \"one\"}\n{\"text\": two}\n";
        Path zstd = dir.resolve("broken.jsonl.zst");
        try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(zstd))) {
            out.write(broken.getBytes(StandardCharsets.UTF_8));
        }
        expect(refused(zstd.toString()), "broken.jsonl.zst line 2 is broken JSON at column 14, after \"{\"text\": two");
    }

    @Test
    void brotliIsNamed() {
        expect(refused(CASES + "23-parquet-brotli/a.parquet"), "a.parquet", "Brotli", "zstd");
    }

    @Test
    void anArrayMayBeginWithAByteOrderMarkAndEndsTheFile() throws IOException {
        assertEquals(3, texts(CASES + "24a-array-with-bom/a.json").size());
        expect(
                refused(file("b.json", "[{\"text\": \"a\"}]\n[{\"text\": \"b\"}]")),
                "b.json line 2 goes on after the array");
        expect(refused(file("c.json", "[{\"text\": \"a\"},")), "c.json is broken JSON");
    }

    @Test
    void numbersThatNobodyReadsMayBeNaN() throws IOException {
        expect(refused(CASES + "30-nan-elsewhere/a.jsonl"), "line 2 holds more than one JSON value");
        assertEquals(List.of("x"), texts(file("a.jsonl", "{\"text\": \"x\", \"a\": NaN, \"b\": [-Infinity]}\n")));
    }

    @Test
    void aDataSetIsReadAsItIsCloned() throws IOException {
        TextDocuments documents = TextDocuments.of(List.of(DataFiles.path(CASES + "32-data-set-clone/clone")));
        assertFalse(texts(documents).isEmpty());
        assertEquals("README.md", CorpusFiles.names(documents.passedOver()));
        assertEquals(texts(documents), texts(CASES + "32-data-set-clone/clone/*.jsonl"));
        assertEquals(texts(documents), texts(CASES + "**/clone/tr[a-z]in.{json,jsonl}"));
        expect(refused(CASES + "32-data-set-clone/clone/*.gz"), "no corpus file matches the pattern");
        expect(refused(CASES + "32-data-set-clone/clone/[.gz"), "[.gz");
        file("d/README.md", "# x");
        file("d/LICENSE", "x");
        file("d/.hidden.jsonl", "x");
        expect(refused(dir.resolve("d").toString()), "no corpus file in", "only LICENSE, README.md");
    }

    @Test
    void aLinkThatLeadsRoundIsNamed() throws IOException {
        file("round/a.txt", "x");
        Files.createSymbolicLink(dir.resolve("round/again"), dir.resolve("round"));
        expect(refused(dir.resolve("round").toString()), "directories deep: does a link lead back");
    }

    @Test
    void eachSourceMayHaveAKeyOfItsOwn() {
        String a = CASES + "37-two-text-keys/a.jsonl";
        String b = CASES + "37-two-text-keys/b.jsonl";
        RunConfig config = RunConfig.ofOverrides(
                Map.of("corpus.train", "[" + a + ", " + b + "]", "corpus.text-keys", "{\"" + b + "\" = content}"));
        RunConfig sent = RunConfig.ofJson(config.toJson(), Map.of());
        assertEquals(config, sent);
        TextDocuments documents = TextDocuments.of(sent.corpus().train(), sent.corpus());
        assertEquals(texts(a).size() + 1, texts(documents).size());
        UserException e = assertThrows(
                UserException.class,
                () -> RunConfig.ofOverrides(Map.of("corpus.text-keys", "{\"b.jsonl\" = content}")));
        expect(e.getMessage(), "corpus.text-keys", "b.jsonl", "no entry");
    }

    @Test
    void whatIsNotReadIsRefusedByName() throws IOException {
        expect(refused(CASES + "38-csv/a.csv"), "comma-separated", "not read", "JSON lines", "Parquet", ".txt");
        for (String name : List.of("a.tsv", "a.arrow", "a.zip", "a.csv.gz", "a.md")) {
            expect(refused(file(name, "x\ty\n")), name);
        }
        expect(refused(file("a.jsonl", "PK\u0003\u0004....")), "a.jsonl is a zip archive");
        expect(
                refused(file("b.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")),
                "Git LFS",
                "git lfs pull");
        expect(refused(file("c.jsonl", "<!DOCTYPE html>\n<html>")), "a web page");
        expect(refused(file("d.txt", "hé".getBytes(StandardCharsets.UTF_16))), "UTF-16", "iconv");
        for (String name : List.of("bare.txt", "bare.jsonl")) {
            String text = "{\"text\": \"A dog.\"}";
            expect(refused(file(name, text.getBytes(StandardCharsets.UTF_16LE))), name, "UTF-16", "iconv");
            expect(refused(file(name, text.getBytes(StandardCharsets.UTF_16BE))), name, "UTF-16", "iconv");
        }
        expect(
                refused(file("e.txt", "fine\nh\u00e9\n".getBytes(StandardCharsets.ISO_8859_1))),
                "e.txt line 2 is not UTF-8",
                "iconv");
        expect(
                refused(file("f.jsonl", "{\"text\": \"h\u00e9\"}\n".getBytes(StandardCharsets.ISO_8859_1))),
                "f.jsonl line 1 is not UTF-8");
    }

    @Test
    void rowsThatAreNoDocumentsArePassedOverUpToALimit() throws IOException {
        String rows =
                "{\"text\": \"a\"}\n{\"text\": null}\n{\"text\": oops}\nnull\n[1]\n{\"text\": \"b\", \"x\": NaN}\n";
        String file = file("a.jsonl", rows);
        expect(refused(file), "a.jsonl line 2 has null under \"text\"", "corpus.skip-bad-rows");
        assertEquals(List.of("a", "b"), texts(skipping(file, 4)));
        UserException e = assertThrows(UserException.class, () -> texts(skipping(file, 3)));
        expect(e.getMessage(), "a.jsonl line 5 is not a JSON object", "3 bad rows are passed over", "and no more");
        assertEquals(4, skipping(file, 4).read(skipping(file, 4).splits(1 << 20).get(0), document -> true));
        String array = file("a.json", "[{\"text\": \"a\"}, 7, {\"other\": 1}, {\"text\": \"b\"}]");
        assertEquals(List.of("a", "b"), texts(skipping(array, 2)));
    }

    private static TextDocuments skipping(String file, int limit) {
        RunConfig config = RunConfig.ofOverrides(
                Map.of("corpus.train", "[" + file + "]", "corpus.skip-bad-rows", Integer.toString(limit)));
        return TextDocuments.of(config.corpus().train(), config.corpus());
    }

    @Test
    void howLargeARowMayBeIsASetting() throws IOException {
        String file = file("a.jsonl", "{\"text\": \"" + "x".repeat(100_000) + "\"}\n");
        String array = file("a.json", "[{\"text\": \"" + "x".repeat(100_000) + "\"}]");
        for (String one : List.of(file, array)) {
            RunConfig config =
                    RunConfig.ofOverrides(Map.of("corpus.train", "[" + one + "]", "corpus.max-row-size", "64KiB"));
            TextDocuments documents = TextDocuments.of(config.corpus().train(), config.corpus());
            String message = assertThrows(UserException.class, () -> documents.read(document -> true))
                    .getMessage();
            expect(message, one, one.equals(file) ? "is longer than 64 KiB" : "too long", "corpus.max-row-size");
            assertEquals(100_000, lengthOfFirst(one));
        }
        String large = file("b.jsonl", "{\"text\": \"" + "x".repeat(30_000_000) + "\"}\n");
        assertEquals(30_000_000, lengthOfFirst(large), "a text is as long as its line may be");
        for (String wrong : List.of("2GiB", "0", "much")) {
            UserException e = assertThrows(
                    UserException.class, () -> RunConfig.ofOverrides(Map.of("corpus.max-row-size", wrong)));
            expect(e.getMessage(), "corpus.max-row-size", "1GiB");
        }
    }

    private static int lengthOfFirst(String file) {
        int[] length = new int[1];
        TextDocuments.of(List.of(DataFiles.path(file))).read(document -> {
            length[0] = document.text().length();
            return false;
        });
        return length[0];
    }

    /** Parquet as pandas writes it: null texts, and types that are younger than Parquet's reader. */
    @Test
    void whatParquetHoldsIsNamed() {
        expect(refused(CASES + "parquet-float16/a.parquet"), "a.parquet", "a column of a type", "float16", "float32");
        String nulls = CASES + "parquet-null-rows/a.parquet";
        expect(refused(nulls), "a.parquet row 2 has null under \"text\"");
        assertEquals(List.of(THREE[0], THREE[2]), texts(skipping(nulls, 1)));
    }

    /** No memory holds a line of any length: a small file may unpack to one. */
    @Test
    void aLineWithoutEndIsRefused() throws IOException {
        Path bomb = dir.resolve("bomb.jsonl.zst");
        byte[] block = new byte[1 << 20];
        Arrays.fill(block, (byte) 'x');
        try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(bomb))) {
            for (int i = 0; i < 300; i++) {
                out.write(block);
            }
        }
        expect(refused(bomb.toString()), "bomb.jsonl.zst line 1 is longer than 64 MiB");
        expect(refused(file("deep.jsonl", "[".repeat(100_000))), "deep.jsonl line 1 is broken JSON");
        expect(refused(file("deep.json", "[".repeat(100_000))), "deep.json is broken JSON");
    }

    /** A page whose data unpacks to less than it says is an end, not a wait without one. */
    @Test
    void aDamagedPageOfParquetIsNoWaitWithoutEnd() {
        String message = Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(10), () -> refused(CASES + "hostile-11-parquet-hang/corpus.parquet"));
        expect(message, "corpus.parquet", "damaged");
    }
}
