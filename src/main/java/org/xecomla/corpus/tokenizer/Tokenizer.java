package org.xecomla.corpus.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.tokenizer.library.TokenizerLibrary;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * A Hugging Face {@code tokenizer.json}: text to token ids and back, by Hugging Face's own Rust library, so that ids
 * equal those of Python's {@code tokenizers}. Thread-safe: any number of threads may encode at once.
 */
public final class Tokenizer implements AutoCloseable {
    private static final String FILE_NAME = "tokenizer.json";

    private final TokenizerLibrary library;
    private final Path file;
    private final int vocabSize;
    private final int numPlainIds;
    private final OptionalInt bosTokenId;
    private final OptionalInt eosTokenId;
    private final String digest;
    private final Optional<WordCache> words;
    private final double dropout; // that the file asks for; it is off

    private Tokenizer(
            TokenizerLibrary library,
            Path file,
            int vocabSize,
            int numPlainIds,
            OptionalInt bosTokenId,
            OptionalInt eosTokenId,
            String digest,
            Optional<WordCache> words,
            double dropout) {
        this.library = library;
        this.file = file;
        this.vocabSize = vocabSize;
        this.numPlainIds = numPlainIds;
        this.bosTokenId = bosTokenId;
        this.eosTokenId = eosTokenId;
        this.digest = digest;
        this.words = words;
        this.dropout = dropout;
    }

    /**
     * Opens {@code tokenizer.json}, or the one in a directory.
     *
     * <p>The beginning-of-sequence token is that of the {@code config.json} beside it ({@code bos_token_id}: the model
     * decides), else of {@code tokenizer_config.json} ({@code bos_token}), else there is none; {@link #withBosTokenId}
     * overrules both.
     *
     * <p>A tokenizer that leaves out merges at random (BPE dropout) is opened as one that does not: a run made twice is
     * to be the same; {@link #note} says so.
     *
     * @throws UserException where there is no such file or it is no tokenizer, or its configuration names a special
     *     token that it does not have
     */
    public static Tokenizer open(Path directoryOrFile) {
        Path file =
                directoryOrFile.getName().endsWith(".json") ? directoryOrFile : new Path(directoryOrFile, FILE_NAME);
        if (!DataFiles.exists(file)) {
            throw new UserException("no tokenizer at " + DataFiles.display(file)
                    + ": tokenizer.path must name a tokenizer.json or the" + " directory of a checkpoint that has one");
        }
        TokenizerJson.Beside beside = TokenizerJson.Beside.of(file.getParent());
        Set<String> special = new HashSet<>(List.of(beside.nameOf("bos"), beside.nameOf("eos")));
        byte[] json = read(file);
        TokenizerJson parsed = TokenizerJson.parse(json, file, special);
        double dropout = parsed.dropout();
        if (dropout > 0 && dropout <= 1) { // the library refuses others
            json = TokenizerJson.withoutDropout(json, file);
            parsed = TokenizerJson.parse(json, file, special);
        }
        TokenizerLibrary library = TokenizerLibrary.open(
                new String(json, StandardCharsets.UTF_8), parsed.plain(), DataFiles.display(file));
        return new Tokenizer(
                library,
                file,
                parsed.vocabSize(),
                parsed.numPlainIds(),
                parsed.specialTokenId("bos", beside),
                parsed.specialTokenId("eos", beside),
                DataFiles.sha256(json),
                parsed.wordByWord() ? Optional.of(new WordCache(WordCache.MAX_WORDS)) : Optional.empty(),
                dropout);
    }

    /** The tokenizer at {@code directoryOrFile}, beginning documents as {@code model} says. */
    public static Tokenizer openFor(ModelConfig model, Path directoryOrFile) {
        Tokenizer tokenizer = open(directoryOrFile);
        return model.bosTokenId() < 0 ? tokenizer : tokenizer.withBosTokenId(model.bosTokenId());
    }

    /** The same tokenizer with another beginning-of-sequence token, commonly the model's; -1: none. */
    public Tokenizer withBosTokenId(int id) {
        if (id >= vocabSize) {
            throw new ConfigException("bos_token_id " + id + " is not in the vocabulary of " + DataFiles.display(file)
                    + ", which has " + vocabSize + " ids");
        }
        return new Tokenizer(
                library,
                file,
                vocabSize,
                numPlainIds,
                id < 0 ? OptionalInt.empty() : OptionalInt.of(id),
                eosTokenId,
                digest,
                words,
                dropout);
    }

    /** Token ids of {@code text}: no special tokens added, never truncated. An unpaired surrogate counts as U+FFFD. */
    public int[] encode(String text) {
        String wellFormed = wellFormed(text);
        return words.map(cache -> cache.encode(wellFormed, this::encodeByLibrary))
                .orElseGet(() -> encodeByLibrary(wellFormed));
    }

    /** {@link #encode(String)} without looking words up. */
    int[] encodeByLibrary(String text) {
        return library.ids(text, false);
    }

    /** {@link #encode(String)} with the special tokens that the tokenizer's own post-processor adds, commonly a BOS. */
    public int[] encodeWithSpecialTokens(String text) {
        return library.ids(wellFormed(text), true);
    }

    /**
     * Token ids of {@code text}, those counted that have a character in one of {@code spans}.
     *
     * @param spans in order, apart from each other
     */
    public MaskedTokens encode(String text, List<TextSpan> spans) {
        TokenizerLibrary.Encoded encoded = library.encode(wellFormed(text));
        boolean[] counted = new boolean[encoded.ids().length];
        for (TextSpan span : spans) {
            // The library counts code points.
            int start = text.codePointCount(0, span.start());
            int end = start + text.codePointCount(span.start(), span.end());
            for (int i = 0; i < counted.length; i++) {
                counted[i] |= encoded.ends()[i] > start && encoded.starts()[i] < end;
            }
        }
        return new MaskedTokens(encoded.ids(), counted);
    }

    /** The text of {@code ids}, special tokens left out. */
    public String decode(int[] ids) {
        return decode(ids, true);
    }

    /** The text of {@code ids}; one beyond the vocabulary, which padded models may draw, is nothing. */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        long[] known = Arrays.stream(ids)
                .filter(id -> id >= 0 && id < vocabSize)
                .asLongStream()
                .toArray();
        return library.decode(known, skipSpecialTokens);
    }

    /** The highest token id plus one, added tokens included. */
    public int vocabSize() {
        return vocabSize;
    }

    public OptionalInt bosTokenId() {
        return bosTokenId;
    }

    /** The end-of-sequence token, from the same files; it never stands in training text. */
    public OptionalInt eosTokenId() {
        return eosTokenId;
    }

    /** {@code ids} after the beginning-of-sequence token, where there is one and the text does not have it itself. */
    public int[] begun(int[] ids) {
        if (bosTokenId.isEmpty() || ids.length > 0 && ids[0] == bosTokenId.getAsInt()) {
            return ids;
        }
        int[] begun = new int[ids.length + 1];
        begun[0] = bosTokenId.getAsInt();
        System.arraycopy(ids, 0, begun, 1, ids.length);
        return begun;
    }

    /** {@code ids} before the end-of-sequence token, where there is one and the text does not have it itself. */
    public int[] ended(int[] ids) {
        if (eosTokenId.isEmpty() || ids.length > 0 && ids[ids.length - 1] == eosTokenId.getAsInt()) {
            return ids;
        }
        int[] ended = Arrays.copyOf(ids, ids.length + 1);
        ended[ids.length] = eosTokenId.getAsInt();
        return ended;
    }

    /** What is worth knowing before it is used, if anything. */
    public Optional<String> note() {
        return dropout == 0
                ? Optional.empty()
                : Optional.of(DataFiles.display(file) + " asks for BPE dropout of " + dropout
                        + ", which is off: the same text is the same tokens every time");
    }

    /** SHA-256 of the tokenizer.json; of one with dropout, as if it had none. */
    public String digest() {
        return digest;
    }

    /** The tokenizer.json. */
    public Path file() {
        return file;
    }

    /**
     * Refuses a model whose vocabulary does not hold all of this tokenizer's ids. A larger one is common: embeddings
     * are padded. An added token may lie beyond: a text that holds it is refused when it is met.
     *
     * @param model what the vocabulary belongs to, for the message
     */
    public void requireFits(int modelVocabSize, String model) {
        if (numPlainIds > modelVocabSize) {
            throw new ConfigException("the vocabulary of tokenizer " + DataFiles.display(file) + " has " + numPlainIds
                    + " ids and that of " + model + " only " + modelVocabSize
                    + ": set tokenizer.path to the tokenizer of this model");
        }
    }

    /** Frees the library's tokenizer, also of every {@link #withBosTokenId} copy; none may be used afterwards. */
    @Override
    public void close() {
        library.close();
    }

    private static String wellFormed(String text) {
        StringBuilder mended = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else {
                mended = mended == null ? new StringBuilder(text) : mended;
                mended.setCharAt(i, '\uFFFD');
            }
        }
        return mended == null ? text : mended.toString();
    }

    private static byte[] read(Path file) {
        try (InputStream in = DataFiles.openStream(file)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UserException("cannot read " + DataFiles.display(file) + ": " + e.getMessage(), e);
        }
    }
}
