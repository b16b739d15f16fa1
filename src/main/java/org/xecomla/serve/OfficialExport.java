package org.xecomla.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.SaveOptions;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.Tensor;

/**
 * A student, hybrids included, as X-EcoMLA's official code loads it. That code knows low-rank queries only: a full
 * query projection goes behind an identity. Its softmax scale is fixed; what a student's own differs by goes into the
 * queries.
 *
 * <p>Legend: D model, H heads, N nope, P rope, Rq rank of the queries.
 */
public final class OfficialExport {
    private static final Set<String> QUERY = Set.of(ParameterNames.Q_A_PROJ, ParameterNames.Q_B_PROJ);

    private final ModelDirectory student;
    private final ModelConfig exported;
    private final StudentAttention attention;

    private OfficialExport(ModelDirectory student) {
        this.student = student;
        this.exported = exported(student.config());
        this.attention = new StudentAttention(student);
    }

    /**
     * Writes {@code student} to {@code directory}.
     *
     * @throws ConfigException where the official code cannot compute the student, saying why
     */
    public static void write(ModelDirectory student, Path directory, SaveOptions options) {
        OfficialExport export = new OfficialExport(student);
        try (DerivedWeights weights = new DerivedWeights(export::made)) {
            ModelDirectory.saveOfficial(directory, export.exported, weights, options);
        }
    }

    /** The shape that is written. */
    public static ModelConfig exported(ModelConfig student) {
        List<AttentionConfig> layers = new ArrayList<>();
        AttentionConfig.Mla first = null;
        for (AttentionConfig layer : student.attention()) {
            if (layer instanceof AttentionConfig.Mla mla) {
                first = first == null ? mla : first;
                requireKnown(mla, first, student);
                layers.add(stock(mla, student));
            } else {
                layers.add(layer);
            }
        }
        if (first == null) {
            throw new ConfigException("the model has no latent layer: export it as llama");
        }
        return student.withAttention(layers);
    }

    private static AttentionConfig.Mla stock(AttentionConfig.Mla layer, ModelConfig student) {
        return new AttentionConfig.Mla(
                layer.numHeads(),
                layer.qLoraRank() == 0 ? student.hiddenSize() : layer.qLoraRank(),
                layer.kvLoraRank(),
                layer.qkNopeHeadDim(),
                layer.qkRopeHeadDim(),
                layer.vHeadDim(),
                layer.qNorm(),
                layer.kvNorm(),
                StudentAttention.stockRope(layer.ropeScaling()),
                Math.pow(layer.qkHeadDim(), -0.5));
    }

    private static void requireKnown(AttentionConfig.Mla layer, AttentionConfig.Mla first, ModelConfig student) {
        if (layer.qNorm() != layer.kvNorm() || layer.kvNorm() != first.kvNorm()) {
            throw new ConfigException(
                    "the student has a norm on some latents only, and the official code on all or none:"
                            + " it has no xecomla export");
        }
        if (layer.numHeads() * layer.vHeadDim() != student.hiddenSize()) {
            throw new ConfigException("the official code needs heads that fill the hidden size, and the student's "
                    + layer.numHeads() + " of " + layer.vHeadDim() + " do not fill " + student.hiddenSize());
        }
        RopeScaling rope = layer.ropeScaling();
        if (!(rope instanceof RopeScaling.None
                || rope instanceof RopeScaling.Yarn
                || rope instanceof RopeScaling.Linear)) {
            throw new ConfigException("the official code knows plain, linear and YaRN rope for latent layers, not the"
                    + " student's " + rope.getClass().getSimpleName() + ": it has no xecomla export");
        }
    }

    private Tensor made(String name) {
        ParameterNames.InLayer place = ParameterNames.inLayer(name).orElse(null);
        if (place != null && QUERY.contains(place.name())) {
            Matrix matrix = query(place.layer(), place.name());
            return Tensor.of(DataType.FLOAT, matrix.rows(), matrix.cols(), matrix.toDoubles());
        }
        ParameterShapes.Shape shape = ParameterShapes.of(exported).get(name);
        Tensor tensor = Tensor.zeros(DataType.FLOAT, shape.rows(), shape.cols()); // (rows, cols)
        student.load(name, tensor);
        return tensor;
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
