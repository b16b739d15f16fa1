package org.xecomla.corpus.shards;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;

/**
 * Cuts one stream of tokens into windows of T: documents one after the other, windows across their borders, the last
 * partial window dropped. The whole in one process; {@link TokenStream} gives the same windows over many.
 */
public final class WindowPacker {
    private final int sequenceLength;
    private final boolean bordered;
    private final Consumer<TokenSequence> windows;
    private int[] window;
    private boolean[] begins;
    private int filled;
    private long numTokens;

    /**
     * @param packing whether windows say where documents begin
     * @param windows receives every full window, T tokens, new arrays each
     */
    public WindowPacker(int sequenceLength, Packing packing, Consumer<TokenSequence> windows) {
        if (sequenceLength < 1) {
            throw new IllegalArgumentException("windows of " + sequenceLength + " tokens");
        }
        this.sequenceLength = sequenceLength;
        this.bordered = !packing.attentionAcrossDocuments();
        this.windows = windows;
        this.window = new int[sequenceLength];
        this.begins = new boolean[sequenceLength];
    }

    /** Adds a document's part of the stream, commonly {@link Packing#tokens}. */
    public void add(int[] tokens) {
        numTokens += tokens.length;
        int from = 0;
        if (tokens.length > 0) {
            begins[filled] = bordered;
        }
        while (from < tokens.length) {
            int part = Math.min(tokens.length - from, sequenceLength - filled);
            System.arraycopy(tokens, from, window, filled, part);
            from += part;
            filled += part;
            if (filled == sequenceLength) {
                TokenSequence full = TokenSequence.of(window, begins);
                window = new int[sequenceLength];
                begins = new boolean[sequenceLength];
                filled = 0;
                windows.accept(full);
            }
        }
    }

    /** Tokens added so far, those of the unfinished window included. */
    public long numTokens() {
        return numTokens;
    }

    /** All windows of a corpus. */
    public static List<TokenSequence> windows(
            TextDocuments documents, Tokenizer tokenizer, Packing packing, int sequenceLength) {
        return windows(documents, tokenizer, packing, sequenceLength, Integer.MAX_VALUE);
    }

    /**
     * The first {@code maxWindows} windows of a corpus; fewer where it has fewer.
     *
     * @throws UserException where it has not even one
     */
    public static List<TokenSequence> windows(
            TextDocuments documents, Tokenizer tokenizer, Packing packing, int sequenceLength, int maxWindows) {
        List<TokenSequence> windows = new ArrayList<>();
        WindowPacker packer = new WindowPacker(sequenceLength, packing, windows::add);
        documents.read(document -> {
            packer.add(packing.tokens(document, tokenizer));
            return windows.size() < maxWindows;
        });
        if (windows.isEmpty()) {
            throw tooShort(packer.numTokens(), sequenceLength);
        }
        return windows.size() > maxWindows ? List.copyOf(windows.subList(0, maxWindows)) : windows;
    }

    static UserException tooShort(long numTokens, int sequenceLength) {
        return new UserException("the corpus has " + numTokens + " tokens, not one sequence of " + sequenceLength
                + ": give more text or lower sequence.length");
    }
}
