package org.xecomla.corpus.chat;

import java.util.List;
import org.xecomla.corpus.tokenizer.TextSpan;

/**
 * A conversation as the model reads it, and what of it the assistant says.
 *
 * @param assistant in order, apart from each other
 */
record RenderedChat(String text, List<TextSpan> assistant) {
    RenderedChat {
        assistant = List.copyOf(assistant);
    }
}
