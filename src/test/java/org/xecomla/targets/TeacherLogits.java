package org.xecomla.targets;

import java.util.stream.IntStream;
import org.xecomla.nn.SoftTargets;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** What a teacher says, from its logits, for tests. */
public final class TeacherLogits {
    private TeacherLogits() {}

    /** softmax(logits / temperature), (n, V). */
    static Tensor probabilities(float[] logits, int numRows, double temperature) {
        int vocabSize = logits.length / numRows;
        double[] wide =
                IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).toArray(); // (n, V)
        Tensor probabilities = Tensors.zeros(ElementType.FLOAT, numRows, vocabSize); // (n, V)
        probabilities.write(SoftTargets.dense(wide, vocabSize, temperature).probabilities(), 0);
        return probabilities;
    }

    /** The record of a sequence whose teacher has the logits (T, V). */
    public static byte[] record(TargetCodec codec, float[] logits, int numRows, long sequence) {
        TargetEncoder encoder = codec.encoder(numRows, logits.length / numRows, sequence);
        encoder.add(probabilities(logits, numRows, codec.temperature()));
        return encoder.finish();
    }
}
