package org.xecomla.spark.stage;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunModels;
import org.xecomla.serve.Exporter;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * The distilled student as a Hugging Face directory, with the tokenizer's files and the chat template that it was
 * taught by.
 */
public final class ExportStage extends SparkStage {
    public static final String NAME = "export";
    public static final String KIND = "export";

    ExportStage() {
        super(
                NAME,
                KIND,
                List.of(DistillStage.NAME, DpoStage.NAME, EvalStage.NAME),
                layout -> List.of(layout.export()));
    }

    /** What a format cannot hold is known from the shape of the student, before days go into it. */
    @Override
    public void check(RunCheck check) {
        RunConfig config = check.config();
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), check.base());
        Optional<String> own = plan.ownFrequencies(check.base());
        boolean twoLatents = !plan.student(check.base())
                .layers(AttentionConfig.LowRankGqa.class)
                .isEmpty();
        for (ExportConfig.Format format : config.export().formats()) {
            boolean ofOneLatent = format == ExportConfig.Format.DEEPSEEK_V3 || format == ExportConfig.Format.XECOMLA;
            if (twoLatents && ofOneLatent) {
                throw new ConfigException("export.format = " + format.display() + " has no place for the latents of"
                        + " upcycle.method = lowrank, one of keys and one of values: set export.format = native, or"
                        + " llama or gguf, which get keys and values multiplied out");
            }
            if (format != ExportConfig.Format.NATIVE && own.isPresent()) {
                throw new ConfigException("export.format = " + format.display() + " cannot hold the rope frequencies"
                        + " that " + own.get() + " gives every layer: set export.format = native, or leave that out");
            }
        }
    }

    @Override
    public void run(StageContext context) {
        RunConfig config = context.config();
        Path student = DpoStage.student(config, context.layout());
        InputDigests inputs = new InputDigests(context).model("student", student);
        chosenTemplate(context.config()).ifPresent(chat -> inputs.digest("chat-template", chat.digest()));
        StageDirectory output = context.layout().export();
        context.complete(
                NAME,
                output,
                context.asked(KIND, config.settings("export"), inputs.all()),
                () -> write(context, student, output));
        context.say(NAME, "the student is in " + DataFiles.display(output.path()));
    }

    private static Map<String, Long> write(StageContext context, Path student, StageDirectory output) {
        RunConfig config = context.config();
        StageDirectory eval = context.layout().eval();
        Optional<Path> measurements =
                DataFiles.exists(eval.file(EvalStage.TABLE)) ? Optional.of(eval.path()) : Optional.empty();
        List<ExportConfig.Format> formats = config.export().formats();
        long parameters = 0;
        for (ExportConfig.Format format : formats) {
            Exporter exporter = new Exporter(
                    ModelDirectory.open(student), format, config.export().dtype());
            exporter.notes().forEach(note -> context.say(NAME, note));
            Path directory = formats.size() == 1 ? output.path() : new Path(output.path(), format.display());
            parameters += exporter.write(
                    directory,
                    config.export().maxShardBytes(),
                    Optional.of(RunModels.tokenizerPath(config)),
                    chosenTemplate(config).map(ChatTemplate::text),
                    measurements);
        }
        return Map.of("parameters", parameters);
    }

    /** The chat template that the run has in place of the tokenizer's, which is copied with it. */
    private static Optional<ChatTemplate> chosenTemplate(RunConfig config) {
        return config.corpus().chatTemplate().flatMap(place -> RunModels.chat(config)
                .template());
    }
}
