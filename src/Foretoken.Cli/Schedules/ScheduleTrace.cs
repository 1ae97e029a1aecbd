using System.Text.Json;
using Foretoken.Engines.Schedules;
using Foretoken.Engines.SgLang.Schedules;
using Foretoken.Engines.Vllm.Schedules;
using Foretoken.Quantities;

namespace Foretoken.Cli.Schedules;

/// <summary>A schedule trace as read from a file: the number of its steps, and its replay with the engine it is of.</summary>
internal sealed record ScheduleTrace(string Name, ScheduleEngine Engine, int Steps, Func<ScheduleDifference?> FirstDifference)
{
    /// <summary>Reads a trace; the engine is recognised from the fields of its steps.</summary>
    public static ScheduleTrace Parse(string name, ReadOnlyMemory<byte> json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new InputException($"{name}: line {e.LineNumber + 1}", "is not valid JSON", "is the file complete?");
        }

        using (document)
        {
            return Read(name, document.RootElement);
        }
    }

    private static ScheduleTrace Read(string name, JsonElement element)
    {
        try
        {
            var root = new JsonCursor(name, "", element);
            var engine = Recognise(root);
            if (engine == ScheduleEngine.Vllm)
            {
                var vllm = VllmScheduleJson.Read(root);
                return new ScheduleTrace(name, engine, vllm.Steps.Count, () => ScheduleReplay.FirstDifference(vllm));
            }

            var sglang = SgLangScheduleJson.Read(root);
            return new ScheduleTrace(name, engine, sglang.Steps.Count, () => SgLangScheduleReplay.FirstDifference(sglang));
        }
        catch (InvalidOperationException)
        {
            // Thrown by the JSON reader for strings that no text encoding can hold.
            throw new InputException(name, "holds a string that is not valid Unicode");
        }
    }

    private static ScheduleEngine Recognise(JsonCursor root)
    {
        var engines = root["trace"].Items(step => step.Find("scheduled") is not null ? ScheduleEngine.Vllm
            : step.Find("mode") is not null ? ScheduleEngine.Sglang
            : throw new InputException(step.Place, "is a step of neither engine", "a vLLM step has the field 'scheduled', an SGLang step 'mode'"));
        return engines.Length > 0
            ? engines[0]
            : throw new InputException(root["trace"].Place, "has no steps, so there is nothing to compare");
    }
}
