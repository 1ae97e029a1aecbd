using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Schedules;
using Foretoken.Quantities;

namespace Foretoken.Cli.Schedules;

/// <summary>Reads a recorded SGLang scenario from JSON (the form is described in docs/engines-sglang.md).</summary>
internal static class SgLangScheduleJson
{
    private static readonly string[] KnownSettings =
    [
        "page_size", "max_running_requests", "overlap", "chunked_prefill_size", "max_prefill_tokens", "policy", "mixed", "disable_radix",
        "conservativeness", "max_total_tokens",
    ];

    private static readonly string[] Modes = ["EXTEND", "DECODE", "MIXED"];

    /// <summary>Reads scenario and trace.</summary>
    public static SgLangTracedScenario Read(JsonCursor root)
    {
        var scenario = root["scenario"];
        var settings = ReadSettings(scenario["config"]);
        var requests = scenario["requests"].Items(request => ReadRequest(request, settings));
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var request in requests)
        {
            if (!ids.Add(request.Id))
            {
                throw new InputException(scenario["requests"].Place, $"two requests have the id '{request.Id}'");
            }
        }

        return new SgLangTracedScenario
        {
            Settings = settings,
            Requests = requests,
            MaxSteps = scenario.Find("max_steps")?.Int(min: 0) ?? int.MaxValue,
            Steps = root["trace"].Items(ReadStep),
        };
    }

    private static SgLangSettings ReadSettings(JsonCursor config)
    {
        foreach (var (name, value) in config.Members())
        {
            if (!KnownSettings.Contains(name))
            {
                throw new InputException(value.Place, "is a setting that the replay does not know, so it cannot be exact");
            }
        }

        var pageSize = config["page_size"].Int(min: 1, max: 1 << 20);
        var settings = new SgLangSettings
        {
            MaxTotalTokens = config["max_total_tokens"].Int(min: pageSize, max: 1 << 28),
            MaxRunningRequests = config["max_running_requests"].Int(min: 1, max: 1 << 20),
            PageSize = pageSize,
            ChunkedPrefillSize = config["chunked_prefill_size"] is { IsNull: false } chunk ? chunk.Int(min: 1, max: 1 << 28) : null,
            MaxPrefillTokens = config["max_prefill_tokens"].Int(min: 1, max: 1 << 28),
            SchedulePolicy = ReadPolicy(config["policy"]),
            ScheduleConservativeness = config.Find("conservativeness")?.Double(min: 0) ?? 1,
            EnableMixedChunk = config.Find("mixed")?.Bool() ?? false,
            DisableOverlapSchedule = !(config.Find("overlap")?.Bool() ?? true),
            DisableRadixCache = config.Find("disable_radix")?.Bool() ?? false,
        };
        return settings.Problems(config.Place) is { Count: > 0 } problems ? throw new InputException(problems) : settings;
    }

    private static SgLangSchedulePolicy ReadPolicy(JsonCursor policy) => policy.String() switch
    {
        "fcfs" => SgLangSchedulePolicy.Fcfs,
        "lof" => SgLangSchedulePolicy.Lof,
        "lpm" => SgLangSchedulePolicy.Lpm,
        "dfs-weight" => SgLangSchedulePolicy.DfsWeight,
        _ => throw policy.Wrong("\"fcfs\", \"lof\", \"lpm\" or \"dfs-weight\""),
    };

    private static SgLangTracedRequest ReadRequest(JsonCursor request, SgLangSettings settings)
    {
        var prompt = request["prompt"].Items(token => token.Int());
        if (prompt.Length == 0)
        {
            throw new InputException(request["prompt"].Place, "has no tokens, must have at least one");
        }

        if (settings.DisableRadixCache && (request.Find("ignore_eos")?.Bool() ?? false))
        {
            throw new InputException(request["ignore_eos"].Place, "together with disable_radix takes a path of the scheduler that is not covered");
        }

        return new SgLangTracedRequest
        {
            Id = request["id"].String(),
            Prompt = prompt,
            MaxTokens = request["max_tokens"].Int(min: 1, max: 1 << 28),
            Step = request["step"].Int(min: 0),
        };
    }

    private static SgLangTracedStep ReadStep(JsonCursor step) => new()
    {
        Step = step["step"].Int(),
        Mode = ReadMode(step["mode"]),
        Requests = step["reqs"].Items(name => name.String()),
        Extends = step["ext"].Items(ReadExtend),
        Chunked = step["chunked"] is { IsNull: false } chunked ? chunked.String() : null,
        Retracted = step["retracted"].Items(name => name.String()),
        Running = step["running"].Items(name => name.String()),
        Waiting = step["waiting"].Items(name => name.String()),
        Full = step["full"].Bool(),
        Ratio = step["ratio"].Double(),
        Available = step["avail"].Int(),
        Evictable = step["evictable"].Int(),
        Protected = step["protected"].Int(),
        Output = step["out"] is { IsNull: false } output ? output.Items(name => name.String()) : null,
        Finished = step["finished"].Items(name => name.String()),
        AvailableAfter = step["avail_after"].Int(),
        EvictableAfter = step["evictable_after"].Int(),
    };

    private static string? ReadMode(JsonCursor mode) =>
        mode.IsNull ? null : Modes.Contains(mode.String()) ? mode.String() : throw mode.Wrong("null, \"EXTEND\", \"DECODE\" or \"MIXED\"");

    private static SgLangTracedExtend ReadExtend(JsonCursor extend)
    {
        var (id, start, end) = extend.Triple();
        return new SgLangTracedExtend(id.String(), start.Int(), end.Int());
    }
}
