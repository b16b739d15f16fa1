package org.xecomla.corpus.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

class TextDocumentsTest {
    @TempDir
    Path directory;

    private org.apache.hadoop.fs.Path file(String name, String contents) throws IOException {
        return DataFiles.path(
                Files.writeString(directory.resolve(name), contents).toString());
    }

    private static List<String> texts(TextDocuments documents) {
        List<String> texts = new ArrayList<>();
        documents.read(document -> texts.add(document.text()));
        return texts;
    }

    @Test
    void documentsComeInTheOrderOfFilesAndLines() throws IOException {
        TextDocuments documents = TextDocuments.of(List.of(
                file("b.jsonl", "{\"text\": \"one\"}\r\n\n  \t\n{\"id\": 4, \"text\": \"two\\nlines \\u00e9\"}\n"),
                file("a.jsonl", "\uFEFF{\"text\": \"th\u00e9 third\"}\n{\"text\": \"\"}")));
        assertEquals(List.of("one", "two\nlines é", "thé third", ""), texts(documents));
        List<String> first = new ArrayList<>();
        documents.read(document -> {
            first.add(document.text());
            return first.size() < 2;
        });
        assertEquals(List.of("one", "two\nlines é"), first);
    }

    @Test
    void anotherKeyCanBeAskedFor() throws IOException {
        assertEquals(
                List.of("x"), texts(TextDocuments.of(List.of(file("k.jsonl", "{\"content\": \"x\"}\n")), "content")));
    }

    @Test
    void splitsOfAnySizeGiveTheSameDocuments() throws IOException {
        StringBuilder contents = new StringBuilder();
        for (int i = 0; i < 23; i++) {
            contents.append("{\"text\": \"")
                    .append("wörd ".repeat(i % 7))
                    .append(i)
                    .append("\"}\n");
            contents.append(i % 5 == 0 ? "\n" : "");
        }
        TextDocuments documents = TextDocuments.of(List.of(
                file("1.jsonl", contents.toString()),
                file("empty.jsonl", ""),
                file("2.jsonl", contents.substring(0, contents.length() - 1))));
        List<String> whole = texts(documents);
        assertEquals(46, whole.size());
        for (int bytes : new int[] {1, 2, 3, 10, 17, 18, 19, 64, 100, 1000, 100_000}) {
            List<String> texts = new ArrayList<>();
            List<DocumentLocation> locations = new ArrayList<>();
            for (DocumentSplit split : documents.splits(bytes)) {
                documents.read(split, document -> {
                    locations.add(document.location());
                    return texts.add(document.text());
                });
            }
            assertEquals(whole, texts, "splits of " + bytes + " bytes");
            assertEquals(
                    directory.resolve("2.jsonl") + " line 7",
                    locations.get(23 + 5).describe(),
                    "a blank line counts");
        }
    }

    @Test
    void whatIsWrongIsSaidWithFileAndLine() throws IOException {
        expect("{\"text\": \"a\"}\n\n{\"text\": \"b\n", "line 3 is broken JSON");
        expect("{\"text\": \"a\"}\n{\"text\": \"b\"} x\n", "line 2 is broken JSON at column 16");
        expect(
                "{\"text\": \"a\"}\n{\"prompt\": \"b\", \"answer\": 3}\n",
                "line 2 has no key \"text\", only [prompt, answer]");
        expect("{\"text\": [\"a\"]}\n", "line 1 has no text under \"text\" but array");
        expect("\"text\"\n", "line 1 is not a JSON object");
        expect("\n \n", "the corpus is empty");
        expect("", "the corpus is empty");
        Path invalid = Files.write(
                directory.resolve("invalid.jsonl"),
                "{\"text\": \"caf\u00e9\"}\n".getBytes(StandardCharsets.ISO_8859_1));
        UserException utf8 = assertThrows(
                UserException.class, () -> texts(TextDocuments.of(List.of(DataFiles.path(invalid.toString())))));
        assertTrue(utf8.getMessage().contains("line 1 is not UTF-8"), utf8.getMessage());
        assertEquals(1, utf8.getMessage().lines().count());
        UserException absent = assertThrows(
                UserException.class, () -> TextDocuments.of(List.of(DataFiles.path(directory + "/absent.jsonl"))));
        assertTrue(absent.getMessage().contains("absent.jsonl"), absent.getMessage());
        assertThrows(UserException.class, () -> TextDocuments.of(List.of()));
    }

    private void expect(String contents, String message) throws IOException {
        TextDocuments documents = TextDocuments.of(List.of(file("wrong.jsonl", contents)));
        UserException e = assertThrows(UserException.class, () -> texts(documents));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertTrue(e.getMessage().contains(directory.resolve("wrong.jsonl").toString()), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        UserException inSplit = assertThrows(UserException.class, () -> {
            for (DocumentSplit split : documents.splits(8)) {
                documents.read(split, document -> true);
            }
            throw e;
        });
        assertEquals(e.getMessage(), inSplit.getMessage(), "a task in the middle of the file says the same");
    }
}
