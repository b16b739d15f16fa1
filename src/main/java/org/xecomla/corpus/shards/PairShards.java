package org.xecomla.corpus.shards;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.tokenizer.TokenBytes;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardHeader;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.ShardWriter;

/**
 * Preferences as token ids under one global numbering, in shards. A record is the number of the prompt's and of the
 * chosen answer's tokens, 32 bits each, and all ids, 16 or 32 bits each. Thread-safe; a flipped or missing byte is an
 * error that names file and block.
 */
public final class PairShards implements AutoCloseable {
    private static final String KIND = "pairs";
    private static final int PAIRS_PER_BLOCK = 16;

    private final ShardDirectory shards;
    private final TokenBytes coding;

    private PairShards(ShardDirectory shards) {
        this.shards = shards;
        this.coding = TokenBytes.of(shards.intSetting("vocab-size"));
    }

    /** @throws org.xecomla.errors.UserException where there are none, or one is missing or damaged */
    public static PairShards open(Path directory) {
        return new PairShards(ShardDirectory.open(directory, KIND));
    }

    /** One shard alone, whether or not the others are there. */
    public static PairShards openShard(Path directory, int shard) {
        return new PairShards(ShardDirectory.openShard(directory, KIND, shard));
    }

    public ShardPlan plan() {
        return shards.plan();
    }

    public Path directory() {
        return shards.directory();
    }

    /** Digest of the tokenizer that made the ids. */
    public String tokenizerDigest() {
        return shards.setting("tokenizer");
    }

    /** Ids are below it. */
    public int vocabSize() {
        return shards.intSetting("vocab-size");
    }

    /** Tokens of the longest sequence that there may be. */
    public int maxLength() {
        return shards.intSetting("max-length");
    }

    /** SHA-256 of shard {@code shard}'s header and ids, which names the tokenizer and the truncation as well. */
    public String digest(int shard) {
        return shards.digest(shard);
    }

    /** Pair {@code pair} of all. */
    public TokenPair read(long pair) {
        ByteBuffer record = ByteBuffer.wrap(shards.read(pair)).order(ByteOrder.LITTLE_ENDIAN);
        int prompt = record.getInt();
        int chosen = record.getInt();
        byte[] bytes = new byte[record.remaining()];
        record.get(bytes);
        int[] ids = coding.decode(bytes);
        return new TokenPair(
                Arrays.copyOf(ids, prompt),
                Arrays.copyOfRange(ids, prompt, prompt + chosen),
                Arrays.copyOfRange(ids, prompt + chosen, ids.length));
    }

    private static byte[] record(TokenPair pair, TokenBytes coding) {
        int[] ids = new int[pair.prompt().length + pair.chosen().length + pair.rejected().length];
        System.arraycopy(pair.prompt(), 0, ids, 0, pair.prompt().length);
        System.arraycopy(pair.chosen(), 0, ids, pair.prompt().length, pair.chosen().length);
        System.arraycopy(pair.rejected(), 0, ids, ids.length - pair.rejected().length, pair.rejected().length);
        byte[] bytes = coding.encode(ids, 0, ids.length);
        return ByteBuffer.allocate(2 * Integer.BYTES + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(pair.prompt().length)
                .putInt(pair.chosen().length)
                .put(bytes)
                .array();
    }

    private static ShardHeader header(ShardPlan plan, Map<String, String> settings, int shard) {
        return ShardHeader.of(KIND, plan, shard, PAIRS_PER_BLOCK, settings, Map.of());
    }

    /** Whether shard {@code shard} is there, sound, and of these {@link PairTokeniser#settings}. */
    public static boolean isComplete(Path directory, ShardPlan plan, Map<String, String> settings, int shard) {
        return ShardDirectory.isComplete(ShardDirectory.file(directory, KIND, shard), header(plan, settings, shard));
    }

    /**
     * Writes shard {@code shard} atomically.
     *
     * @param settings those of {@link PairTokeniser#settings}
     * @param pairs of this shard, in order
     */
    public static void write(
            Path directory, ShardPlan plan, Map<String, String> settings, int shard, List<TokenPair> pairs) {
        TokenBytes coding = TokenBytes.of(Integer.parseInt(settings.get("vocab-size")));
        ShardWriter.write(
                ShardDirectory.file(directory, KIND, shard),
                header(plan, settings, shard),
                writer -> pairs.forEach(pair -> writer.add(record(pair, coding))));
    }

    @Override
    public void close() {
        shards.close();
    }
}
