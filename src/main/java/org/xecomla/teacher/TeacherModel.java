package org.xecomla.teacher;

import org.xecomla.formats.LoadedModel;
import org.xecomla.nn.StreamedLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/** A teacher's forward: over weights in memory, or, where they do not fit, over those of a layer at a time. */
sealed interface TeacherModel extends AutoCloseable {
    /** After the final norm, (B*T, D), on top of the arena. */
    Tensor hiddenStates(int[] ids, Sequences sequences, Arena arena);

    /** What makes logits of hidden states, until the arena is released. */
    StreamedLm.Head head(Arena arena);

    @Override
    void close();

    /** All weights in memory. */
    record Resident(LoadedModel loaded) implements TeacherModel {
        @Override
        public Tensor hiddenStates(int[] ids, Sequences sequences, Arena arena) {
            return loaded.model().hiddenStates(ids, sequences, arena, null);
        }

        @Override
        public StreamedLm.Head head(Arena arena) {
            return loaded.model()::logits;
        }

        @Override
        public void close() {
            loaded.close();
        }
    }

    /** Weights that are read again for every batch. */
    record Streamed(StreamedLm model) implements TeacherModel {
        @Override
        public Tensor hiddenStates(int[] ids, Sequences sequences, Arena arena) {
            return model.hiddenStates(ids, sequences, arena);
        }

        @Override
        public StreamedLm.Head head(Arena arena) {
            return model.head(arena);
        }

        @Override
        public void close() {
            model.close();
        }
    }
}
