package org.xecomla.corpus.tokenizer.library;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import org.xecomla.errors.UserException;

/**
 * The library through DJL's native binding, in this process. The binding is called directly and not through {@code
 * HuggingFaceTokenizer}, which truncates at 512 tokens by default, reports home when it opens, and fetches ten arrays
 * for one.
 */
final class InProcess implements TokenizerLibrary {
    /**
     * The library's engine of regular expressions gives up, and with it the process, after ten million steps at one
     * place. Expressions of plain tokenizers take a step a character, and that many only over blanks.
     */
    private static final int MAX_BLANKS = 1 << 20;

    private final long handle;
    private final String file;

    InProcess(String json, String file) {
        this.file = file;
        // DJL would look for a CUDA build of the library on a machine with a GPU and download it.
        if (System.getProperty("ai.djl.offline") == null) {
            System.setProperty("ai.djl.offline", "true");
        }
        LibUtils.checkStatus();
        try {
            handle = TokenizersLibrary.LIB.createTokenizerFromString(json);
            TokenizersLibrary.LIB.disableTruncation(handle);
            TokenizersLibrary.LIB.disablePadding(handle);
        } catch (RuntimeException e) {
            throw new UserException(
                    file + " is not a tokenizer that the tokenizers library reads: " + e.getMessage(), e);
        }
    }

    @Override
    public int[] ids(String text, boolean special) {
        long encoding = start(text, special);
        try {
            return ids(encoding);
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    @Override
    public Encoded encode(String text) {
        long encoding = start(text, false);
        try {
            int[] ids = ids(encoding);
            CharSpan[] places = TokenizersLibrary.LIB.getTokenCharSpans(encoding);
            int[] starts = new int[ids.length];
            int[] ends = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                starts[i] = places[i] == null ? -1 : places[i].getStart();
                ends[i] = places[i] == null ? -1 : places[i].getEnd();
            }
            return new Encoded(ids, starts, ends);
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    private long start(String text, boolean special) {
        requireFewBlanks(text);
        try {
            return TokenizersLibrary.LIB.encode(handle, text, special);
        } catch (RuntimeException e) {
            throw new UserException(file + " cannot encode a text: " + e.getMessage(), e);
        }
    }

    private static int[] ids(long encoding) {
        long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
        int[] out = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            out[i] = (int) ids[i];
        }
        return out;
    }

    private static void requireFewBlanks(String text) {
        if (text.length() <= MAX_BLANKS) {
            return;
        }
        int numBlanks = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            numBlanks = Character.isWhitespace(c) || Character.isSpaceChar(c) ? numBlanks + 1 : 0;
            if (numBlanks > MAX_BLANKS) {
                throw new UserException("a text has more than " + MAX_BLANKS
                        + " blanks in a row, which no tokenizer splits: is it text?");
            }
        }
    }

    @Override
    public String decode(long[] ids, boolean skipSpecialTokens) {
        try {
            return TokenizersLibrary.LIB.decode(handle, ids, skipSpecialTokens);
        } catch (RuntimeException e) {
            throw new UserException(file + " cannot decode " + ids.length + " tokens: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        TokenizersLibrary.LIB.deleteTokenizer(handle);
    }
}
