//! Keys with brackets, such as `deal[name]` or `contacts[0][name]`, and the JSON that rows of them make.
