package org.xecomla.corpus.shards;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.text.DocumentFilter;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.text.Verdict;
import org.xecomla.corpus.tokenizer.TokenBytes;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardHeader;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.ShardReader;
import org.xecomla.files.ShardWriter;

/**
 * The corpus as one stream of tokens under global positions, made by many tasks and cut by many others.
 *
 * <p>Packing is sequential, tokenising is not. So it goes in two passes, and the result depends on neither the number
 * of tasks nor the size of the splits:
 *
 * <ol>
 *   <li>A task for each {@link DocumentSplit}: {@link #writePart} tokenises it and writes its tokens as a file of its
 *       own. Parts are idempotent: one that is there and sound is left as it is.
 *   <li>The driver takes the prefix sums over the parts' token counts ({@link #open}); position p of the stream then
 *       has a part and a place in it. {@link #spec} says how many sequences there are and how they fall into shards.
 *   <li>A task for each shard: sequence s is positions [s * T, (s + 1) * T):
 *       {@code TokenShardWriter.write(dir, spec, shard, stream.windows(T))}.
 * </ol>
 *
 * The part files are scratch, to be deleted when the shards stand. A stream is thread-safe.
 */
public final class TokenStream implements AutoCloseable {
    private static final String KIND = "stream";
    private static final int CHUNK_TOKENS = 4096;
    private static final int CHUNKS_PER_BLOCK = 8;

    private final Path directory;
    private final Packing packing;
    private final long[] firstPosition; // of each part, and the end of the last
    private final boolean marked; // whether some tokens are not learned
    private final Map<Integer, ShardReader> readers = new ConcurrentHashMap<>();
    private volatile Chunk last; // windows follow each other, and a chunk holds many

    private record Chunk(int part, long number, TokenSequence tokens) {}

    private TokenStream(Path directory, Packing packing, long[] firstPosition, boolean marked) {
        this.directory = directory;
        this.packing = packing;
        this.firstPosition = firstPosition;
        this.marked = marked;
    }

    /** A part of all the split's documents, none of them a conversation. */
    static StreamPart writePart(
            Path directory,
            int part,
            TextDocuments documents,
            DocumentSplit split,
            Tokenizer tokenizer,
            Packing packing) {
        return writePart(directory, part, documents, DocumentFilter.none(split), tokenizer, packing, ChatRules.NONE);
    }

    /**
     * Tokenises what {@code filter} keeps of its split and writes it as part {@code part}, unless that is there
     * already.
     *
     * @throws UserException naming file and line, where a document cannot be read or does not fit the vocabulary
     */
    public static StreamPart writePart(
            Path directory,
            int part,
            TextDocuments documents,
            DocumentFilter filter,
            Tokenizer tokenizer,
            Packing packing,
            ChatRules chat) {
        DocumentSplit split = filter.split();
        Path file = ShardDirectory.file(directory, KIND, part);
        Map<String, String> settings = new TreeMap<>(packing.settings());
        settings.put("file", split.file());
        settings.put("bytes", split.start() + "-" + split.end());
        settings.put("copy", Integer.toString(split.copy()));
        StreamPart done = readPart(file, part, split, settings);
        if (done != null) {
            return done;
        }
        TokenBuffer tokens = new TokenBuffer();
        Map<Verdict, Long> verdicts = new EnumMap<>(Verdict.class);
        SilentConversations[] silent = {SilentConversations.NONE};
        long numBad = documents.read(split, document -> {
            Verdict verdict = filter.of(document);
            verdicts.merge(verdict, 1L, Long::sum);
            if (verdict == Verdict.KEPT) {
                int numCounted = tokens.numCounted();
                tokens.add(packing.tokens(document, tokenizer, chat));
                if (document.isConversation() && tokens.numCounted() == numCounted) {
                    silent[0] = silent[0].plus(SilentConversations.of(document));
                }
            }
            return true;
        });
        verdicts.merge(Verdict.BAD_ROW, numBad, Long::sum);
        PartCounts counts = new PartCounts(verdicts, tokens.length(), tokens.numCounted(), silent[0]);
        settings.putAll(counts.settings());
        write(file, tokens, settings, bytes(packing));
        return new StreamPart(part, split.source(), counts);
    }

    private static void write(Path file, TokenBuffer tokens, Map<String, String> settings, SequenceBytes bytes) {
        int numChunks = Math.max(1, (tokens.length() + CHUNK_TOKENS - 1) / CHUNK_TOKENS);
        ShardHeader header =
                ShardHeader.of(KIND, new ShardPlan(numChunks, numChunks), 0, CHUNKS_PER_BLOCK, settings, Map.of());
        ShardWriter.write(file, header, writer -> {
            for (int chunk = 0; chunk < numChunks; chunk++) {
                int from = chunk * CHUNK_TOKENS;
                int to = Math.min(tokens.length(), from + CHUNK_TOKENS);
                writer.add(bytes.encode(tokens.ids(), tokens.counted(), tokens.begins(), from, to));
            }
        });
    }

    /** Chunks always have marks: whether the corpus needs them is known only when all parts are made. */
    private static SequenceBytes bytes(Packing packing) {
        return new SequenceBytes(TokenBytes.of(packing.vocabSize()), true, !packing.attentionAcrossDocuments());
    }

    /** The part as it stands, or null where it is not there, damaged, or of other settings. */
    private static StreamPart readPart(Path file, int part, DocumentSplit split, Map<String, String> settings) {
        if (!DataFiles.exists(file)) {
            return null;
        }
        try (ShardReader reader = ShardReader.open(file)) {
            Map<String, String> found = reader.header().settings();
            if (!found.entrySet().containsAll(settings.entrySet())) {
                return null;
            }
            reader.verify();
            return new StreamPart(part, split.source(), PartCounts.ofSettings(found));
        } catch (UserException damaged) {
            return null;
        }
    }

    /** {@link #open(Path, List, Packing)} for parts, at least one, that say themselves how they were packed. */
    public static TokenStream open(Path directory, List<StreamPart> parts) {
        try (ShardReader reader = ShardReader.open(
                ShardDirectory.file(directory, KIND, parts.get(0).part()))) {
            Map<String, String> settings = reader.header().settings();
            return open(directory, parts, Packing.ofSettings(settings::get));
        }
    }

    /**
     * The stream of the parts in {@code directory}; {@code parts} in any order, as {@link #writePart} returned them.
     */
    public static TokenStream open(Path directory, List<StreamPart> parts, Packing packing) {
        long[] firstPosition = new long[parts.size() + 1];
        for (StreamPart part : parts) {
            firstPosition[part.part() + 1] = part.numTokens();
        }
        Arrays.parallelPrefix(firstPosition, Long::sum);
        boolean marked = parts.stream().anyMatch(p -> p.counts().numLearned() < p.numTokens());
        return new TokenStream(directory, packing, firstPosition, marked);
    }

    public long numTokens() {
        return firstPosition[firstPosition.length - 1];
    }

    /**
     * The shards that this stream gives.
     *
     * @throws UserException where there are fewer than {@code sequenceLength} tokens
     */
    public TokenShardSpec spec(int sequenceLength, int sequencesPerShard) {
        long numSequences = numTokens() / sequenceLength;
        if (numSequences == 0) {
            throw WindowPacker.tooShort(numTokens(), sequenceLength);
        }
        return new TokenShardSpec(new ShardPlan(numSequences, sequencesPerShard), sequenceLength, packing, marked);
    }

    /** Sequence s of the stream: the tokens at positions [s * T, (s + 1) * T). */
    public LongFunction<TokenSequence> windows(int sequenceLength) {
        return sequence -> read(sequence * sequenceLength, (sequence + 1) * sequenceLength);
    }

    /** The tokens at positions [from, to) of the stream; what the last one predicts stands at {@code to}. */
    public TokenSequence read(long from, long to) {
        if (from < 0 || to < from || to > numTokens()) {
            throw new IndexOutOfBoundsException("tokens " + from + " to " + to + " of " + numTokens());
        }
        int length = Math.toIntExact(to - from);
        int[] ids = new int[length + 1];
        boolean[] counted = new boolean[length + 1];
        boolean[] begins = new boolean[length + 1];
        counted[length] = !marked;
        copy(from, Math.min(to + 1, numTokens()), new TokenSequence(ids, counted, begins));
        return new TokenSequence(
                Arrays.copyOf(ids, length), Arrays.copyOfRange(counted, 1, length + 1), Arrays.copyOf(begins, length));
    }

    private void copy(long from, long to, TokenSequence target) {
        int part = partOf(from);
        long position = from;
        while (position < to) {
            while (position >= firstPosition[part + 1]) {
                part++;
            }
            long inPart = position - firstPosition[part];
            TokenSequence chunk = chunk(part, inPart / CHUNK_TOKENS);
            int inChunk = (int) (inPart % CHUNK_TOKENS);
            int count = (int) Math.min(chunk.ids().length - inChunk, to - position);
            int at = (int) (position - from);
            System.arraycopy(chunk.ids(), inChunk, target.ids(), at, count);
            System.arraycopy(chunk.learned(), inChunk, target.learned(), at, count);
            System.arraycopy(chunk.begins(), inChunk, target.begins(), at, count);
            position += count;
        }
    }

    private TokenSequence chunk(int part, long number) {
        Chunk held = last;
        if (held == null || held.part() != part || held.number() != number) {
            held = new Chunk(part, number, bytes(packing).decode(reader(part).read(number)));
            last = held;
        }
        return held.tokens();
    }

    private int partOf(long position) {
        int found = Arrays.binarySearch(firstPosition, position);
        return found >= 0 ? found : -found - 2;
    }

    private ShardReader reader(int part) {
        return readers.computeIfAbsent(part, p -> ShardReader.open(ShardDirectory.file(directory, KIND, p)));
    }

    @Override
    public void close() {
        readers.values().forEach(ShardReader::close);
    }
}
