using System.Text;
using System.Text.Json;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Models;
using Foretoken.Hardware.Prices;

namespace Foretoken.Reports.Hardware;

/// <summary>Catalogue entries as JSON: shape in docs/hardware.md. Equal catalogues give equal bytes.</summary>
public static class CatalogueJson
{
    /// <summary>Version of the shape.</summary>
    public const string SchemaVersion = "1.0";

    /// <summary>Accelerators with every figure and its source.</summary>
    public static string Gpus(IEnumerable<Gpu> gpus) => Render("gpus", gpus, (json, gpu) =>
    {
        json.WriteString("name", gpu.Name);
        json.WriteString("title", gpu.Title);
        json.WriteString("vendor", gpu.Vendor);
        Strings(json, "also", gpu.Also);
        json.WriteNumber("memory_bytes", gpu.MemoryBytes);
        json.WriteStartObject("figures");
        foreach (var (_, key, unit, figure) in gpu.Figures)
        {
            if (figure is null)
            {
                json.WriteNull(key);
                continue;
            }

            json.WriteStartObject(key);
            json.WriteNumber("value", figure.Value);
            json.WriteString("unit", unit);
            json.WriteString("source", figure.Source);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteString("note", gpu.Note);
    });

    /// <summary>Models with sums per part and per kind of layer.</summary>
    public static string Models(IEnumerable<ModelEntry> models) => Render("models", models, (json, entry) =>
    {
        var model = entry.Shape;
        json.WriteString("name", entry.Name);
        json.WriteString("title", entry.Title);
        Strings(json, "also", entry.Also);
        json.WriteString("architecture", model.Architecture);
        json.WriteString("source", entry.Source);
        json.WriteString("quantisation", model.Quantisation);
        json.WriteString("kv_cache_format", model.KvCacheFormat);
        json.WriteNumber("parameters", model.Parameters);
        json.WriteNumber("active_parameters", model.ActiveParameters);
        json.WriteNumber("mtp_parameters", model.MtpWeights.Sum(w => w.Parameters));
        Number(json, "published_parameters_billion", entry.PublishedTotal);
        Number(json, "published_active_parameters_billion", entry.PublishedActive);
        json.WriteNumber("weight_bytes", model.WeightBytes);
        json.WriteNumber("kv_bytes_per_token_bf16", model.KvBytesPerToken(2));
        json.WriteNumber("kv_bytes_per_token_fp8", model.KvBytesPerToken(1));
        json.WriteNumber("kv_bytes_per_sequence_bf16", model.KvBytesPerSequence(2));
        json.WriteNumber("matrix_operations_per_token", model.LinearOperationsPerToken);
        json.WriteNumber("max_context", model.MaxContext);
        json.WriteStartArray("layers");
        foreach (var group in LayerGroup.Of(model.Layers))
        {
            json.WriteStartObject();
            json.WriteNumber("count", group.Layers.Count);
            json.WriteString("attention", group.Attention.Describe());
            json.WriteString("ffn", group.Ffn.Describe());
            json.WriteNumber("kv_bytes_per_token_bf16", group.Attention.BytesPerToken(2));
            json.WriteNumber("kv_bytes_per_sequence_bf16", group.Attention.BytesPerSequence(2));
            json.WriteBoolean("kv_replicated", group.Attention.Replicated);
            json.WriteStartArray("indices");
            foreach (var index in group.Layers)
            {
                json.WriteNumberValue(index);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (var (mtp, weights) in new[] { (false, model.Weights), (true, model.MtpWeights) })
        {
            foreach (var row in weights.GroupBy(w => (w.Part, w.Format.Name)).OrderBy(g => g.Key.Part).ThenBy(g => g.Key.Name, StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.WriteString("part", row.Key.Part.ToString());
                json.WriteBoolean("mtp", mtp);
                json.WriteString("format", row.Key.Name);
                json.WriteNumber("parameters", row.Sum(w => w.Parameters));
                json.WriteNumber("parameters_per_token", row.Sum(w => w.ParametersPerToken));
                json.WriteNumber("bytes", row.Sum(w => w.Bytes));
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        Strings(json, "notes", model.Notes);
    });

    /// <summary>Prices with their day and source.</summary>
    public static string Prices(IEnumerable<PriceEntry> prices) => Render("prices", prices, (json, price) =>
    {
        json.WriteString("provider", price.Provider);
        json.WriteString("gpu", price.Gpu);
        json.WriteString("region", price.Region.Length == 0 ? null : price.Region);
        json.WriteString("purchase", price.Purchase);
        json.WriteNumber("price_per_hour", price.Price);
        json.WriteString("date", price.Date);
        json.WriteString("source", price.Source);
    });

    private static string Render<T>(string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("schema_version", SchemaVersion);
            json.WriteStartArray(name);
            foreach (var item in items)
            {
                json.WriteStartObject();
                write(json, item);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
