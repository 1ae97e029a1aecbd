using System.Globalization;
using Foretoken.Hardware.Models;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Hardware;

/// <summary><c>foretoken models</c> for people.</summary>
public static class ModelReport
{
    private static readonly long[] Contexts = [1024, 8192, 32768, 131072];

    /// <summary>A table of models, one line each.</summary>
    public static string List(IReadOnlyList<ModelEntry> entries, int width, bool colour)
    {
        var table = new TextTable([
            new("name", 0), new("params B", 0), new("active B", 1), new("GiB", 2), new("KiB/token", 3), new("format", 4, Left: true), new("attention", 5, Left: true), new("context", 6),
        ]);
        foreach (var entry in entries)
        {
            var model = entry.Shape;
            table.Add(
                Ink.Clean(entry.Name[(entry.Name.LastIndexOf('/') + 1)..]), Human.Number(model.Parameters / 1e9, 1), Human.Number(model.ActiveParameters / 1e9, 1), Human.Number(model.WeightBytes / (double)(1L << 30), 1),
                Human.Number(model.KvBytesPerToken(2) / 1024, 1), Ink.Clean(model.Quantisation), Kinds(model), model.MaxContext == 0 ? "-" : Whole(model.MaxContext));
        }

        using var to = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        table.Render(to, width, new Ink(colour));
        to.WriteLine();
        Paragraph.Write(to, $"{entries.Count} models. GiB: weights as published. KiB/token: KV cache in bf16, windows and states apart. More: foretoken models explain NAME, or the PATH of any config.json", width);
        return to.ToString();
    }

    /// <summary>How the numbers of one model follow from its config, line by line.</summary>
    public static string Explain(ModelEntry entry, int width, bool colour)
    {
        var model = entry.Shape;
        var ink = new Ink(colour);
        using var to = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        to.WriteLine(ink.Bold(Ink.Clean(entry.Title == entry.Name ? entry.Name : $"{entry.Title} ({entry.Name})")));
        Paragraph.Write(to, Ink.Clean($"{model.Architecture}; {entry.Source}"), width);
        to.WriteLine();
        var published = entry.PublishedTotal is { } total ? string.Create(CultureInfo.InvariantCulture, $" (published {total:0.##} B: {(model.Parameters / 1e9 / total) - 1:+0.0%;-0.0%;0.0%})") : "";
        to.WriteLine($"parameters  {Billions(model.Parameters),10}{published}");
        if (model.MtpLayers.Count > 0)
        {
            to.WriteLine($"with MTP    {Billions(model.Parameters + model.MtpWeights.Sum(w => w.Parameters)),10}");
        }

        var active = entry.PublishedActive is { } some && some != entry.PublishedTotal ? string.Create(CultureInfo.InvariantCulture, $" (published {some:0.##} B)") : "";
        to.WriteLine($"per token   {Billions(model.ActiveParameters),10}{active}");
        to.WriteLine($"weights     {Size(model.WeightBytes),10}  {model.Quantisation}");
        to.WriteLine($"KV cache    {Size(model.KvBytesPerToken(2)),10}  per token in bf16, {Size(model.KvBytesPerToken(1))} in fp8{(model.KvCacheFormat is { } kv ? $" (checkpoint: {kv})" : "")}");
        to.WriteLine($"context     {(model.MaxContext == 0 ? "-" : Whole(model.MaxContext)),10}  tokens");
        Layers(model, to, width, ink);
        Weights(model, to, width, ink);
        Kv(model, to, width, ink);
        Work(model, to, width, ink);
        foreach (var note in model.Notes)
        {
            Paragraph.Write(to, "Note: " + note, width);
        }

        return to.ToString();
    }

    private static void Layers(ModelShape model, StringWriter to, int width, Ink ink)
    {
        to.WriteLine();
        to.WriteLine(ink.Bold($"Layers: {model.Layers.Count}, width {Whole(model.Hidden)}, vocabulary {Whole(model.Vocabulary)}"));
        foreach (var group in LayerGroup.Of(model.Layers))
        {
            var halves = new[] { group.Attention.Kind == AttentionKind.None ? "" : group.Attention.Describe(), group.Ffn == new FfnShape() ? "" : group.Ffn.Describe() };
            Paragraph.Write(to, $"{group.Layers.Count,4} x  {string.Join("; ", halves.Where(h => h.Length > 0))} [{group.Where}]", width, "  ", "        ");
        }

        if (model.MtpLayers.Count > 0)
        {
            Paragraph.Write(to, $"and {model.MtpLayers.Count} for multi-token prediction, counted apart", width, "  ");
        }
    }

    private static void Weights(ModelShape model, StringWriter to, int width, Ink ink)
    {
        to.WriteLine();
        var table = new TextTable([new("Weights", 0), new("format", 1, Left: true), new("parameters", 0), new("per token", 2), new("bytes", 0), new("share", 3)]);
        foreach (var (title, weights) in new[] { ("", model.Weights), ("MTP ", model.MtpWeights) })
        {
            foreach (var row in weights.GroupBy(w => (w.Part, w.Format.Name)).OrderBy(g => g.Key.Part).ThenBy(g => g.Key.Name, StringComparer.Ordinal))
            {
                var bytes = row.Sum(w => w.Bytes);
                table.Add("  " + title + row.Key.Part.Words(), row.Key.Name, Whole(row.Sum(w => w.Parameters)), Whole(row.Sum(w => w.ParametersPerToken)), Whole(bytes), title.Length > 0 ? "" : Human.Number(100.0 * bytes / model.WeightBytes, 1) + " %");
            }

            if (title.Length == 0)
            {
                table.Add("  sum", "", Whole(model.Parameters), Whole(model.ActiveParameters), Whole(model.WeightBytes), "100.0 %");
            }
        }

        table.Render(to, width, ink);
        to.WriteLine(ink.Dim("  bytes include scale factors; a tied head is the embedding"));
    }

    private static void Kv(ModelShape model, StringWriter to, int width, Ink ink)
    {
        to.WriteLine();
        to.WriteLine(ink.Bold("KV cache in bf16"));
        foreach (var group in model.Layers.GroupBy(l => l.Attention))
        {
            var shape = group.Key;
            var count = group.Count();
            foreach (var (formula, bytes, unit) in KvFormula.Of(shape, 2))
            {
                Paragraph.Write(to, $"{count,4} x  {formula} = {Whole(count * bytes)} B {unit}", width, "  ", "        ");
            }
        }

        Paragraph.Write(to, $"sum: {Whole(model.KvBytesPerToken(2))} B per token" + (model.KvBytesPerSequence(2) > 0 ? $" and {Whole(model.KvBytesPerSequence(2))} B per sequence" : ""), width, "  ");
        if (model.Layers.Any(l => l.Attention.Replicated))
        {
            Paragraph.Write(to, "Latent and compressed KV has one head: every tensor-parallel rank keeps all of it.", width, "  ");
        }
    }

    private static void Work(ModelShape model, StringWriter to, int width, Ink ink)
    {
        to.WriteLine();
        to.WriteLine(ink.Bold("Work per token"));
        to.WriteLine($"  matrices               {Operations(model.LinearOperationsPerToken),9}  2 per parameter, look-up apart");
        foreach (var context in Contexts.Where(c => model.MaxContext == 0 || c <= model.MaxContext))
        {
            to.WriteLine($"  attention at {Whole(context),7}   {Operations(model.AttentionOperationsPerToken(context)),9}");
        }
    }

    private static string Kinds(ModelShape model) => string.Join(" + ", model.Layers.GroupBy(l => l.Attention.Kind).Where(g => g.Key != AttentionKind.None).Select(g => $"{g.Count()} {Word(g.Key)}"));

    private static string Word(AttentionKind kind) => kind switch
    {
        AttentionKind.Full => "full",
        AttentionKind.SlidingWindow => "window",
        AttentionKind.Chunked => "chunked",
        AttentionKind.Latent => "latent",
        AttentionKind.Compressed => "compressed",
        _ => "linear",
    };

    private static string Billions(long parameters) => parameters >= 1_000_000_000_000
        ? Human.Number(parameters / 1e12, 3) + " T"
        : Human.Number(parameters / 1e9, parameters >= 100_000_000_000 ? 1 : 2) + " B";

    private static string Size(double bytes) => bytes switch
    {
        >= 1L << 30 => Human.Number(bytes / (1L << 30), 1) + " GiB",
        >= 1 << 20 => Human.Number(bytes / (1 << 20), 1) + " MiB",
        _ => Human.Number(bytes / 1024, 1) + " KiB",
    };

    private static string Operations(double operations) => operations >= 1e12
        ? Human.Number(operations / 1e12, 2) + " T" : Human.Number(operations / 1e9, 2) + " G";

    private static string Whole(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}
