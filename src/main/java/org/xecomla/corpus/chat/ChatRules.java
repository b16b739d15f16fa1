package org.xecomla.corpus.chat;

import java.util.Optional;
import org.xecomla.corpus.text.Conversation;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;

/**
 * How conversations become tokens.
 *
 * @param template none: a conversation is refused
 * @param assistantOnly whether only what the assistant says is learned; else every token
 */
public record ChatRules(Optional<ChatTemplate> template, boolean assistantOnly) {
    /** Refuses conversations. */
    public static final ChatRules NONE = new ChatRules(Optional.empty(), true);

    /** @throws UserException naming the document, where it cannot be rendered */
    public MaskedTokens tokens(Document document, Tokenizer tokenizer) {
        ChatTemplate rendered = template.orElseThrow(() -> new UserException(document.location()
                        .describe()
                + " is a conversation and the tokenizer has no chat template: put the checkpoint's " + ChatTemplate.FILE
                + " beside tokenizer.json, or set corpus.chat-template"));
        try {
            Conversation conversation = document.conversation().orElseThrow();
            return assistantOnly
                    ? rendered.tokens(conversation, tokenizer)
                    : rendered.allTokens(conversation, tokenizer);
        } catch (UserException e) {
            throw new UserException(document.location().describe() + ": " + e.getMessage(), e);
        }
    }
}
