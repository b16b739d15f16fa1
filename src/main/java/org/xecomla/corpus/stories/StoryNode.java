package org.xecomla.corpus.stories;

import java.util.List;

/** A piece of a rule of {@link StoryRules}. */
sealed interface StoryNode {
    /** Words as they stand. */
    record Text(String text) implements StoryNode {}

    /** What a role's row says in one column. */
    record Reference(String role, int column, boolean capitalised) implements StoryNode {}

    /** One of the options, each as likely as the others. */
    record Choice(List<List<StoryNode>> options) implements StoryNode {}

    /** Another rule; its name may hold references. */
    record Call(List<StoryNode> name) implements StoryNode {}
}
