package org.xecomla.formats.official;

import java.util.Set;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.StudentAttention;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.Nd4jMemory;

/**
 * The weights with which the official code computes what a student computes; {@link OfficialWriter} says how.
 *
 * <p>Legend: D model, H heads, N nope, P rope, Rq rank of the queries.
 */
final class OfficialWeights {
    private static final Set<String> QUERY = Set.of(ParameterNames.Q_A_PROJ, ParameterNames.Q_B_PROJ);

    private final ModelSource student;
    private final ModelConfig exported;
    private final StudentAttention attention;

    OfficialWeights(ModelSource student, ModelConfig exported) {
        this.student = student;
        this.exported = exported;
        this.attention = new StudentAttention(student);
    }

    /** The parameter {@code name} of the exported model, in memory of its own. */
    Tensor made(String name) {
        ParameterNames.InLayer place = ParameterNames.inLayer(name).orElse(null);
        if (place != null && QUERY.contains(place.name())) {
            Matrix matrix = query(place.layer(), place.name());
            return Nd4jMemory.INSTANCE.of(ElementType.FLOAT, matrix.rows(), matrix.cols(), matrix.toDoubles());
        }
        return student.tensor(name);
    }

    /** Only latent layers have these, also where the student's own queries are full. */
    private Matrix query(int layer, String projection) {
        AttentionConfig.Mla own =
                (AttentionConfig.Mla) student.config().attention().get(layer);
        boolean full = own.qLoraRank() == 0;
        if (projection.equals(ParameterNames.Q_A_PROJ)) {
            int d = student.config().hiddenSize();
            return full
                    ? Matrix.build(d, d, (r, c) -> r == c ? 1 : 0) // (D, D)
                    : attention.read(layer, projection); // (Rq, D)
        }
        AttentionConfig.Mla stock = (AttentionConfig.Mla) exported.attention().get(layer);
        return attention.scaledQueries(
                own, stock, attention.read(layer, full ? ParameterNames.Q_PROJ : projection)); // (H*(N+P), Rq)
    }
}
