package org.xecomla.corpus.shards;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.corpus.tokenizer.TextSpan;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;

/**
 * How documents become one stream of tokens: a beginning-of-sequence token (where there is one, and once), then the
 * document's tokens; no end token between documents.
 *
 * @param tokenizerDigest of the tokenizer that made the tokens
 * @param vocabSize ids are below it: the model's vocabulary
 * @param bosTokenId goes before each document
 * @param attentionAcrossDocuments whether a token sees the documents before its own; else sequences say where documents
 *     begin
 */
public record Packing(String tokenizerDigest, int vocabSize, OptionalInt bosTokenId, boolean attentionAcrossDocuments) {
    private static final String ATTENTION = "attention-across-documents";

    /** Packing for a model of {@code modelVocabSize} ids by {@code tokenizer} and its beginning-of-sequence token. */
    public static Packing of(Tokenizer tokenizer, int modelVocabSize, boolean attentionAcrossDocuments) {
        tokenizer.requireFits(modelVocabSize, "the model");
        return new Packing(tokenizer.digest(), modelVocabSize, tokenizer.bosTokenId(), attentionAcrossDocuments);
    }

    /**
     * The document's part of the stream.
     *
     * @throws UserException naming the document, where one of its ids is outside the vocabulary
     */
    public int[] tokens(Document document, Tokenizer tokenizer) {
        return begun(checked(tokenizer.encode(document.text()), document), tokenizer);
    }

    private int[] begun(int[] ids, Tokenizer tokenizer) {
        return bosTokenId.isEmpty() ? ids : tokenizer.begun(ids);
    }

    /**
     * The document's part of the stream and which tokens of it are learned: all of plain text; of a completion, what
     * follows its prompt, with the end-of-sequence token where there is one. A conversation is rendered by its
     * template, which writes the beginning-of-sequence token itself.
     *
     * @throws UserException naming the document, where one of its ids is outside the vocabulary, or it cannot be
     *     rendered
     */
    public MaskedTokens tokens(Document document, Tokenizer tokenizer, ChatRules chat) {
        if (document.isConversation()) {
            MaskedTokens tokens = chat.tokens(document, tokenizer);
            checked(tokens.ids(), document);
            return tokens;
        }
        if (document.promptLength() > 0) {
            return completion(document, tokenizer, chat.assistantOnly());
        }
        int[] ids = tokens(document, tokenizer);
        boolean[] counted = new boolean[ids.length];
        Arrays.fill(counted, true);
        return new MaskedTokens(ids, counted);
    }

    /** As TRL has it: tokenised with its prompt, ended by the end-of-sequence token. */
    private MaskedTokens completion(Document document, Tokenizer tokenizer, boolean completionOnly) {
        TextSpan answer = new TextSpan(document.promptLength(), document.text().length());
        MaskedTokens text = tokenizer.encode(document.text(), List.of(answer));
        checked(text.ids(), document);
        int[] begun = begun(text.ids(), tokenizer);
        int[] ids = tokenizer.ended(begun);
        boolean[] counted = new boolean[ids.length];
        Arrays.fill(counted, !completionOnly);
        int first = begun.length - text.ids().length;
        for (int i = 0; completionOnly && i < text.ids().length; i++) {
            counted[first + i] = text.counted()[i];
        }
        if (ids.length > begun.length) {
            counted[begun.length] = true;
        }
        return new MaskedTokens(ids, counted);
    }

    private int[] checked(int[] ids, Document document) {
        for (int id : ids) {
            if (id >= vocabSize) {
                throw new UserException(document.location().describe() + " has token id " + id
                        + ", which is outside the model's vocabulary of " + vocabSize
                        + ": tokenizer.path is not this model's tokenizer");
            }
        }
        return ids;
    }

    Map<String, String> settings() {
        return Map.of(
                "tokenizer",
                tokenizerDigest,
                "vocab-size",
                Integer.toString(vocabSize),
                "bos-token-id",
                Integer.toString(bosTokenId.orElse(-1)),
                ATTENTION,
                Boolean.toString(attentionAcrossDocuments));
    }

    static Packing ofSettings(UnaryOperator<String> settings) {
        int bos = Integer.parseInt(settings.apply("bos-token-id"));
        return new Packing(
                settings.apply("tokenizer"),
                Integer.parseInt(settings.apply("vocab-size")),
                bos < 0 ? OptionalInt.empty() : OptionalInt.of(bos),
                Boolean.parseBoolean(settings.apply(ATTENTION)));
    }
}
