package org.xecomla.corpus.shards;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.corpus.tokenizer.TokenizerTest;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardPlan;

class TokenStreamTest {
    private static Tokenizer tokenizer;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() {
        tokenizer = TokenizerTest.open(TokenizerTest.resource("byte-fallback"));
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    private TextDocuments corpus(int numDocuments) throws IOException {
        Random random = new Random(3);
        List<org.apache.hadoop.fs.Path> files = new ArrayList<>();
        for (int f = 0; f < 2; f++) {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < numDocuments; i++) {
                lines.append("{\"text\": \"")
                        .append("The gull counts the rope. ".repeat(random.nextInt(9)))
                        .append(i)
                        .append("\"}\n");
            }
            files.add(DataFiles.path(Files.writeString(directory.resolve("text" + f + ".jsonl"), lines)
                    .toString()));
        }
        return TextDocuments.of(files);
    }

    private org.apache.hadoop.fs.Path child(String name) {
        return DataFiles.path(directory.resolve(name).toString());
    }

    private TokenStream stream(TextDocuments documents, Packing packing, String name, int splitBytes) {
        List<DocumentSplit> splits = documents.splits(splitBytes);
        List<StreamPart> parts = new ArrayList<>();
        for (int i = 0; i < splits.size(); i++) {
            parts.add(TokenStream.writePart(child(name), i, documents, splits.get(i), tokenizer, packing));
        }
        Collections.shuffle(parts, new Random(1));
        return TokenStream.open(child(name), parts, packing);
    }

    @Test
    void windowsFollowTheRulesOfPacking() throws IOException {
        TextDocuments documents = corpus(4);
        Packing packing = Packing.of(tokenizer, 340, true);
        List<Integer> stream = new ArrayList<>();
        documents.read(document -> {
            stream.add(1);
            for (int id : tokenizer.encode(document.text())) {
                stream.add(id);
            }
            return true;
        });
        int length = 13;
        List<TokenSequence> windows = WindowPacker.windows(documents, tokenizer, packing, length);
        assertEquals(stream.size() / length, windows.size(), "the last partial window is dropped");
        for (int i = 0; i < windows.size(); i++) {
            assertEquals(
                    stream.subList(i * length, (i + 1) * length),
                    java.util.Arrays.stream(windows.get(i).ids()).boxed().toList());
            assertArrayEquals(new int[length], windows.get(i).starts(), "attention crosses documents");
        }
        assertEquals(
                3,
                WindowPacker.windows(documents, tokenizer, packing, length, 3).size());
        List<TokenSequence> without = WindowPacker.windows(
                documents, tokenizer, new Packing(packing.tokenizerDigest(), 340, OptionalInt.empty(), true), 1);
        assertEquals(stream.size() - 8, without.size());
    }

    @Test
    void windowsSayWhereTheirDocumentsBegin() throws IOException {
        int length = 13;
        List<TokenSequence> windows =
                WindowPacker.windows(corpus(4), tokenizer, Packing.of(tokenizer, 340, false), length);
        int numBeginnings = 0;
        for (TokenSequence window : windows) {
            int start = 0;
            for (int t = 0; t < length; t++) {
                start = window.ids()[t] == 1 ? t : start;
                assertEquals(start, window.starts()[t]);
                assertEquals(t + 1 < length && window.ids()[t + 1] != 1, window.hasNext(t));
                numBeginnings += window.begins()[t] ? 1 : 0;
            }
        }
        assertEquals(8, numBeginnings);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void partsOfAnySizeGiveTheShardsOfOnePass(boolean acrossDocuments) throws IOException {
        TextDocuments documents = corpus(40);
        Packing packing = Packing.of(tokenizer, 340, acrossDocuments);
        int length = 7;
        List<TokenSequence> windows = WindowPacker.windows(documents, tokenizer, packing, length);
        List<String> digests = null;
        for (int splitBytes : new int[] {300, 999, 1 << 20}) {
            String name = "parts" + splitBytes;
            try (TokenStream stream = stream(documents, packing, name, splitBytes)) {
                TokenShardSpec spec = stream.spec(length, 150);
                assertEquals(windows.size(), spec.plan().numSequences());
                List<String> found = new ArrayList<>();
                for (int shard = spec.plan().numShards() - 1; shard >= 0; shard--) {
                    found.add(
                            0,
                            TokenShardWriter.writeSequences(
                                    child("shards" + name), spec, shard, stream.windows(length)));
                }
                digests = digests == null ? found : digests;
                assertEquals(digests, found, "the shards do not depend on the splits");
            }
            try (TokenShards shards = TokenShards.open(child("shards" + name))) {
                assertEquals(windows.size(), shards.numSequences());
                assertEquals(length, shards.sequenceLength());
                assertEquals(packing, shards.spec().packing());
                shards.verify();
                for (int s = 0; s < windows.size(); s++) {
                    assertArrayEquals(windows.get(s).ids(), shards.read(s), "sequence " + s);
                    assertArrayEquals(
                            windows.get(s).begins(), shards.sequence(s).begins(), "sequence " + s);
                }
            }
        }
    }

    @Test
    void aPartThatStandsIsNotMadeAgainAndABrokenOneIs() throws IOException {
        TextDocuments documents = corpus(40);
        Packing packing = Packing.of(tokenizer, 340, true);
        DocumentSplit split = documents.splits(1 << 20).get(0);
        StreamPart part = TokenStream.writePart(child("p"), 0, documents, split, tokenizer, packing);
        assertEquals(40, part.numDocuments());
        Path file = directory.resolve("p/stream-00000.shard");
        byte[] bytes = Files.readAllBytes(file);
        var time = Files.getLastModifiedTime(file);
        assertEquals(part, TokenStream.writePart(child("p"), 0, documents, split, tokenizer, packing));
        assertEquals(time, Files.getLastModifiedTime(file));
        byte[] damaged = bytes.clone();
        damaged[bytes.length / 2] ^= 4;
        Files.write(file, damaged);
        assertEquals(part, TokenStream.writePart(child("p"), 0, documents, split, tokenizer, packing));
        assertArrayEquals(bytes, Files.readAllBytes(file));
        StreamPart other = TokenStream.writePart(
                child("p"), 0, documents, split, tokenizer, new Packing("x", 340, OptionalInt.empty(), true));
        assertEquals(part.numTokens() - 40, other.numTokens());
    }

    @Test
    void anEmptySplitIsAPartOfNoTokens() throws IOException {
        Packing packing = Packing.of(tokenizer, 340, true);
        TextDocuments documents = corpus(3);
        DocumentSplit nothing =
                new DocumentSplit(directory.resolve("text0.jsonl").toUri().toString(), 1, 2);
        StreamPart empty = TokenStream.writePart(child("e"), 0, documents, nothing, tokenizer, packing);
        assertEquals(new StreamPart(0, 0, PartCounts.ZERO), empty);
        try (TokenStream stream = TokenStream.open(child("e"), List.of(empty), packing)) {
            UserException e = assertThrows(UserException.class, () -> stream.spec(8, 10));
            assertTrue(e.getMessage().contains("0 tokens"), e.getMessage());
        }
    }

    @Test
    void aCorpusShorterThanOneSequenceIsRefused() throws IOException {
        TextDocuments documents = corpus(1);
        UserException e = assertThrows(
                UserException.class,
                () -> WindowPacker.windows(documents, tokenizer, Packing.of(tokenizer, 340, true), 100_000));
        assertTrue(e.getMessage().contains("not one sequence of 100000"), e.getMessage());
    }

    @Test
    void anIdOutsideTheVocabularyNamesItsDocument() throws IOException {
        TextDocuments documents = corpus(3);
        Packing tooSmall = new Packing(tokenizer.digest(), 300, OptionalInt.of(1), true);
        UserException e =
                assertThrows(UserException.class, () -> WindowPacker.windows(documents, tokenizer, tooSmall, 4));
        assertTrue(
                e.getMessage().matches(".*text[01].jsonl line \\d has token id 3\\d\\d,.*vocabulary of 300.*"),
                e.getMessage());
        assertThrows(UserException.class, () -> Packing.of(tokenizer, 339, true));
    }

    @Test
    void bothWidthsOfIdsComeBack() {
        Random random = new Random(2);
        for (int vocabSize : new int[] {3, 65_536, 65_537, 1 << 30}) {
            TokenShardSpec spec = new TokenShardSpec(
                    new ShardPlan(5, 3), 11, new Packing("t" + vocabSize, vocabSize, OptionalInt.empty(), true));
            List<int[]> sequences = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                sequences.add(random.ints(11, 0, vocabSize).toArray());
                sequences.get(i)[i] = vocabSize - 1;
            }
            var target = child("w" + vocabSize);
            for (int shard = 0; shard < 2; shard++) {
                assertFalse(TokenShardWriter.isComplete(target, spec, shard));
                TokenShardWriter.write(target, spec, shard, s -> sequences.get((int) s));
                assertTrue(TokenShardWriter.isComplete(target, spec, shard));
            }
            try (TokenShards shards = TokenShards.open(target)) {
                for (int i = 0; i < 5; i++) {
                    assertArrayEquals(sequences.get(i), shards.read(i));
                }
                shards.requireFits(vocabSize, 11, "the student");
                UserException vocabulary =
                        assertThrows(UserException.class, () -> shards.requireFits(vocabSize - 1, 11, "the student"));
                assertTrue(vocabulary.getMessage().contains("only " + (vocabSize - 1)), vocabulary.getMessage());
                UserException tooLong =
                        assertThrows(UserException.class, () -> shards.requireFits(vocabSize, 10, "the student"));
                assertTrue(tooLong.getMessage().contains("takes at most 10"), tooLong.getMessage());
            }
        }
    }

    @Test
    void aWriterRefusesSequencesThatDoNotFit() {
        TokenShardSpec spec =
                new TokenShardSpec(new ShardPlan(1, 1), 4, new Packing("t", 9, OptionalInt.empty(), true));
        assertThrows(
                IllegalArgumentException.class, () -> TokenShardWriter.write(child("x"), spec, 0, s -> new int[3]));
        assertThrows(
                IllegalArgumentException.class,
                () -> TokenShardWriter.write(child("x"), spec, 0, s -> new int[] {0, 9, 0, 0}));
        assertFalse(DataFiles.exists(ShardDirectory.file(child("x"), "tokens", 0)));
    }
}
