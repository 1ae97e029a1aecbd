namespace Foretoken.Engines.SgLang.Schedules;

/// <summary>A request's share of a prefill batch: tokens with KV before and after it.</summary>
public readonly record struct SgLangTracedExtend(string Id, int Start, int End);
