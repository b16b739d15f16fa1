package org.xecomla.corpus.text;

/**
 * One turn of a conversation.
 *
 * @param role commonly system, user or assistant
 */
public record Message(String role, String content) {
    /** The role whose words are learned. */
    public static final String ASSISTANT = "assistant";

    public boolean isAssistant() {
        return role.equals(ASSISTANT);
    }
}
