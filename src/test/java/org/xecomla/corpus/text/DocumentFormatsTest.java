package org.xecomla.corpus.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Every form that documents come in. */
class DocumentFormatsTest {
    private static final List<Message> TURN = List.of(new Message("user", "Hi"), new Message("assistant", "Hé!"));

    @TempDir
    Path directory;

    private TextDocuments file(String name, String text) throws IOException {
        return TextDocuments.of(List.of(
                DataFiles.path(Files.writeString(directory.resolve(name), text).toString())));
    }

    private static List<Document> all(TextDocuments documents) {
        List<Document> all = new ArrayList<>();
        documents.read(all::add);
        return all;
    }

    private static List<Document> bySplits(TextDocuments documents, long bytes) {
        List<Document> all = new ArrayList<>();
        documents.splits(bytes).forEach(split -> documents.read(split, all::add));
        return all;
    }

    @Test
    void conversationsComeInThreeForms() throws IOException {
        String lines = """
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hé!"}], "id": 3}
            {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hé!"}]}
            {"instruction": "Hi", "input": "", "output": "Hé!"}
            {"system": "S", "history": [["a", "b"]], "instruction": "Hi", "input": "x", "output": "Hé!"}
            {"text": "plain", "instruction": "no", "output": "no"}
            """;
        List<Document> documents = all(file("chat.jsonl", lines));
        for (int i = 0; i < 3; i++) {
            assertEquals(TURN, documents.get(i).messages());
            assertEquals("Hi\nHé!", documents.get(i).text());
        }
        assertEquals(
                List.of(
                        new Message("system", "S"),
                        new Message("user", "a"),
                        new Message("assistant", "b"),
                        new Message("user", "Hi\nx"),
                        new Message("assistant", "Hé!")),
                documents.get(3).messages());
        assertEquals(new Document("plain", documents.get(4).location()), documents.get(4));
        for (String broken :
                List.of("{\"messages\": []}", "{\"messages\": [{\"role\": \"user\"}]}", "{\"body\": \"x\"}")) {
            UserException e = assertThrows(UserException.class, () -> all(file("broken.jsonl", "\n" + broken + "\n")));
            assertTrue(e.getMessage().contains("broken.jsonl line 2 has "), e.getMessage());
        }
    }

    @Test
    void aJsonFileIsAnArrayOrLines() throws IOException {
        TextDocuments array = file("a.json", " \n[{\"text\": \"one\"},\n {\"text\": \"two\"}\n]");
        assertEquals(
                List.of("one", "two"), all(array).stream().map(Document::text).toList());
        assertEquals(1, array.splits(3).size(), "an array is read from its start");
        assertEquals(all(array), bySplits(array, 3));
        assertTrue(all(array).get(1).location().describe().endsWith("a.json line 3"));
        TextDocuments lines = file("b.json", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
        assertEquals(
                List.of("one", "two"), all(lines).stream().map(Document::text).toList());
        assertEquals(all(lines), bySplits(lines, 3));
        UserException e = assertThrows(UserException.class, () -> all(file("c.json", "[{\"text\": \"one\"}, ")));
        assertTrue(e.getMessage().contains("c.json is broken JSON"), e.getMessage());
    }

    @Test
    void plainTextIsADocumentALine() throws IOException {
        TextDocuments text = file("a.txt", "one {\"text\"}\r\n\n  two é\n");
        assertEquals(
                List.of("one {\"text\"}", "  two é"),
                all(text).stream().map(Document::text).toList());
        assertEquals(all(text), bySplits(text, 4));
    }

    @Test
    void parquetRecordsComeOnceWhateverTheSplits() throws IOException {
        Path file = directory.resolve("a.parquet");
        MessageType schema = MessageTypeParser.parseMessageType("""
            message row { required int64 id; optional binary text (STRING); optional group messages (LIST) {
              repeated group list { optional group element {
                required binary role (STRING); required binary content (STRING); } } } }
            """);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
                .withType(schema)
                .withRowGroupSize(2000L)
                .withPageSize(500)
                .withMinRowCountForPageSizeCheck(1)
                .build()) {
            for (int i = 0; i < 400; i++) {
                Group row = new SimpleGroup(schema).append("id", (long) i);
                if (i % 2 == 0) {
                    row.append("text", "document é number " + i);
                } else {
                    Group list = row.addGroup("messages");
                    list.addGroup(0).addGroup(0).append("role", "user").append("content", "Hi");
                    list.addGroup(0).addGroup(0).append("role", "assistant").append("content", "Hé!");
                }
                writer.write(row);
            }
        }
        TextDocuments documents = TextDocuments.of(List.of(DataFiles.path(file.toString())));
        List<Document> all = all(documents);
        assertEquals(400, all.size());
        for (int i = 0; i < 400; i++) {
            assertEquals(i, all.get(i).location().offset());
            if (i % 2 == 0) {
                assertEquals("document é number " + i, all.get(i).text());
            } else {
                assertEquals(TURN, all.get(i).messages());
            }
        }
        assertTrue(documents.splits(1000).size() > 4);
        for (long bytes : new long[] {700, 1000, 1 << 20}) {
            assertEquals(all, bySplits(documents, bytes));
        }
        assertTrue(all.get(7).location().describe().endsWith("a.parquet row 8"));
        Files.writeString(directory.resolve("b.parquet"), "no parquet");
        UserException e = assertThrows(
                UserException.class,
                () -> all(TextDocuments.of(
                        List.of(DataFiles.path(directory.resolve("b.parquet").toString())))));
        assertTrue(e.getMessage().contains("b.parquet cannot be read as Parquet"), e.getMessage());
    }

    @Test
    void aDirectoryIsItsFiles() throws IOException {
        Files.createDirectories(directory.resolve("d"));
        Files.writeString(directory.resolve("d/b.txt"), "b\n");
        Files.writeString(directory.resolve("d/a.jsonl"), "{\"text\": \"a\"}\n");
        Files.writeString(directory.resolve("d/_SUCCESS"), "");
        TextDocuments documents =
                TextDocuments.of(List.of(DataFiles.path(directory.resolve("d").toString())));
        assertEquals(
                List.of("a", "b"), all(documents).stream().map(Document::text).toList());
    }

    @Test
    void aWeightIsHowOftenDocumentsAreTaken() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            text.append("document ").append(i).append('\n');
        }
        List<org.apache.hadoop.fs.Path> files = new ArrayList<>();
        for (String name : List.of("a.txt", "b.txt")) {
            files.add(DataFiles.path(
                    Files.writeString(directory.resolve(name), text).toString()));
        }
        TextDocuments documents = TextDocuments.of(files, file -> "text", List.of(2.25, 0.1), RowLimits.DEFAULT);
        List<List<String>> takenBySplitSize = new ArrayList<>();
        for (long bytes : new long[] {1000, 1 << 20}) {
            List<String> taken = new ArrayList<>();
            for (DocumentSplit split : documents.splits(bytes)) {
                DocumentFilter filter =
                        new DocumentFilter(5, split, documents.share(split), new long[0], NgramSet.NONE);
                documents.read(split, document -> {
                    if (filter.of(document) == Verdict.KEPT) {
                        taken.add(split.source() + " " + split.copy() + " " + document.text());
                    }
                    return true;
                });
            }
            takenBySplitSize.add(taken);
        }
        assertEquals(takenBySplitSize.get(0), takenBySplitSize.get(1));
        List<String> taken = takenBySplitSize.get(0);
        assertEquals(4000, taken.stream().filter(t -> t.matches("0 [01] .*")).count());
        assertEquals(500, taken.stream().filter(t -> t.startsWith("0 2 ")).count(), 60);
        assertEquals(200, taken.stream().filter(t -> t.startsWith("1 0 ")).count(), 40);
        assertEquals(0, taken.stream().filter(t -> t.startsWith("1 1 ")).count());
    }
}
