package org.xecomla.corpus.shards;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.corpus.text.Conversation;
import org.xecomla.corpus.text.DocumentLocation;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.Message;
import org.xecomla.corpus.text.Preference;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.corpus.tokenizer.TextSpan;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;

/**
 * How preferences become token ids. Plain strings: the prompt after the beginning-of-sequence token, the answer before
 * the end-of-sequence token, where there are such. Conversations: as the chat template writes them, the prompt up to
 * where the assistant begins to speak. As in all text, the whole is tokenised, and the answer begins with the first
 * token that has a character of it: tokenisers that mark the beginning of a text mark no answer. Of a prompt whose last
 * tokens one answer changes and the other does not, these tokens belong to both answers. What is too long is cut by
 * {@link TokenPair#truncated}.
 *
 * @param template empty: there is none, and conversations are refused
 * @param vocabSize ids are below it: the model's vocabulary
 * @param maxLength tokens of prompt and answer together, at least 2
 * @param maxPromptLength tokens of a prompt that has to be cut, at least 1 and below maxLength
 */
public record PairTokeniser(
        Tokenizer tokenizer, Optional<ChatTemplate> template, int vocabSize, int maxLength, int maxPromptLength) {
    public PairTokeniser {
        tokenizer.requireFits(vocabSize, "the model");
        if (maxPromptLength < 1 || maxPromptLength >= maxLength) {
            throw new ConfigException("dpo.max-prompt-length = " + maxPromptLength
                    + " leaves no room for an answer: lower it below dpo.max-length = " + maxLength);
        }
    }

    /** What decides on the ids beside the files. */
    public Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        settings.put("tokenizer", tokenizer.digest());
        settings.put("chat-template", template.map(ChatTemplate::digest).orElse("none"));
        settings.put("vocab-size", Integer.toString(vocabSize));
        settings.put("bos-token-id", Integer.toString(tokenizer.bosTokenId().orElse(-1)));
        settings.put("eos-token-id", Integer.toString(tokenizer.eosTokenId().orElse(-1)));
        settings.put("max-length", Integer.toString(maxLength));
        settings.put("answers", "by-offsets"); // shards of an older rule are made anew
        settings.put("max-prompt-length", Integer.toString(maxPromptLength));
        return settings;
    }

    /**
     * The preferences {@code from} to {@code to} (exclusive) of a split, counted from 0.
     *
     * @throws UserException naming file and line, where one is not a preference, an answer has no token, or an id is
     *     outside the vocabulary
     */
    public List<TokenPair> tokens(DocumentSplit split, long from, long to) {
        return PreferenceFiles.read(split, from, to).stream().map(this::tokens).toList();
    }

    private TokenPair tokens(Preference preference) {
        DocumentLocation location = preference.location();
        Answered chosen;
        Answered rejected;
        if (preference instanceof Preference.Chat chat) {
            ChatTemplate written = template.orElseThrow(() -> new UserException(location.describe()
                    + " has messages, and there is no chat template beside " + tokenizer.file()
                    + ": put the checkpoint's there as " + ChatTemplate.FILE + ", or set corpus.chat-template"));
            written.requireTokens(tokenizer);
            String begun = written.render(chat.prompt(), true);
            chosen = answered(begun, whole(written, begun, chat.prompt(), chat.chosen(), location), location);
            rejected = answered(begun, whole(written, begun, chat.prompt(), chat.rejected(), location), location);
        } else {
            Preference.Plain plain = (Preference.Plain) preference;
            chosen = plain(plain.prompt(), plain.chosen(), location);
            rejected = plain(plain.prompt(), plain.rejected(), location);
        }
        int numPrompt = Math.min(chosen.numPrompt, rejected.numPrompt);
        int differs = Arrays.mismatch(chosen.ids, 0, numPrompt, rejected.ids, 0, numPrompt);
        int common = differs < 0 ? numPrompt : differs;
        if (chosen.ids.length == common || rejected.ids.length == common) {
            throw new UserException(location.describe() + " has an empty answer");
        }
        return new TokenPair(Arrays.copyOf(chosen.ids, common), chosen.from(common), rejected.from(common))
                .truncated(maxLength, maxPromptLength);
    }

    /**
     * A prompt and an answer to it, tokenised as one text.
     *
     * @param numPrompt ids before the first that has a character of the answer
     */
    private record Answered(int[] ids, int numPrompt) {
        int[] from(int first) {
            return Arrays.copyOfRange(ids, first, ids.length);
        }
    }

    private Answered answered(String prompt, String whole, DocumentLocation location) {
        MaskedTokens tokens = tokenizer.encode(whole, List.of(new TextSpan(prompt.length(), whole.length())));
        int numPrompt = 0;
        while (numPrompt < tokens.ids().length && !tokens.counted()[numPrompt]) {
            numPrompt++;
        }
        return new Answered(checked(tokens.ids(), location), numPrompt);
    }

    /** Between the tokens that begin and end a text, where there are such. */
    private Answered plain(String prompt, String answer, DocumentLocation location) {
        Answered text = answered(prompt, prompt + answer, location);
        int[] begun = tokenizer.begun(text.ids);
        return new Answered(tokenizer.ended(begun), begun.length - text.ids.length + text.numPrompt);
    }

    /** The prompt with an answer, as the template writes them; begins with {@code begun}. */
    private static String whole(
            ChatTemplate template, String begun, Conversation prompt, List<Message> answer, DocumentLocation location) {
        String whole = template.render(prompt.then(answer), false);
        if (!whole.startsWith(begun)) {
            throw new UserException(
                    location.describe() + ": the chat template writes the prompt differently once an answer"
                            + " follows, so the answer cannot be told from it");
        }
        return whole;
    }

    private int[] checked(int[] ids, DocumentLocation location) {
        for (int id : ids) {
            if (id >= vocabSize) {
                throw new UserException(location.describe() + " has token id " + id
                        + ", which is outside the model's vocabulary of " + vocabSize
                        + ": tokenizer.path is not this model's tokenizer");
            }
        }
        return ids;
    }
}
