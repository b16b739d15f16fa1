package org.xecomla.corpus;

import java.util.List;

/**
 * A document's tokens and which of them are to be learned.
 *
 * @param ids (n)
 * @param counted (n): whether the token is learned, that is predicted by the position before it
 */
public record MaskedTokens(int[] ids, boolean[] counted) {
    public MaskedTokens {
        if (ids.length != counted.length) {
            throw new IllegalArgumentException(ids.length + " ids, " + counted.length + " marks");
        }
    }

    /**
     * A conversation's tokens, those counted that the assistant says: a token counts that has a character of the
     * assistant's words or of the end of its turn.
     *
     * @throws org.xecomla.config.UserException where the template refuses the conversation or hides who says what
     */
    public static MaskedTokens of(List<Message> messages, ChatTemplate template, Tokenizer tokenizer) {
        RenderedChat chat = template.renderWithSpans(messages);
        return tokenizer.encode(chat.text(), chat.assistant());
    }
}
