namespace Foretoken.Quantities;

/// <summary>
/// What a random stream decides. Each purpose has its own stream, so that drawing more of one never shifts another
/// (common random numbers across candidates). Numbers are part of the address and never reused.
/// </summary>
public enum StreamId
{
    Arrivals = 1,
    InputLengths = 2,
    OutputLengths = 3,
    PrefixGroups = 4,
    Sessions = 5,
    ThinkTimes = 6,
    ToolCalls = 7,
    Routing = 8,
    Speculation = 9,
    Modulation = 10,
    Scheduling = 11,
    Prompts = 12,
    ColdStarts = 13,
    Futures = 14,
    Search = 15,
    Resampling = 16,
    Doubt = 17,
    Portfolio = 18,
    Test = 1000,
}
